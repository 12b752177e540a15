import { compileRouteTable, type RouteTable } from '@weir/core';
import { behindFilters, filtersMissing, filtersUsed } from './filter/http-filters.js';
import type { OutboundListener } from './read-listener.js';
import type { RouteConfig } from './route/read-route-config.js';

/** The routes of a port: those of a route configuration, behind the filters of a listener. */
export class PortRoutes {
  readonly routeConfigName: string;
  readonly table: RouteTable;
  /** What the routes say to no effect, since the listener lacks the filter. */
  readonly warnings: readonly string[];
  readonly #listener: OutboundListener;
  readonly #config: RouteConfig;

  constructor(listener: OutboundListener, config: RouteConfig) {
    this.#listener = listener;
    this.#config = config;
    this.routeConfigName = listener.routeConfigName;
    const { filters, port } = listener;
    const used = filtersUsed(config.description);
    const description = behindFilters(config.description, used, filters);
    this.table = description === config.description ? config.table : compileRouteTable(description);
    this.warnings = filtersMissing(used, filters).map(
      (name) =>
        `RouteConfiguration ${this.routeConfigName}: typed_per_filter_config["${name}"]: ` +
        `has no effect on port ${port}, whose listener has no such filter`,
    );
  }

  /** Whether these are the routes for a listener and a configuration as they are now. */
  isFor(listener: OutboundListener, config: RouteConfig): boolean {
    return this.#listener === listener && this.#config === config;
  }
}
