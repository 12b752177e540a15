import { type Clock, findVirtualHost, type Random, type RouteTable } from '@weir/core';
import type { Logger } from '../../system/logger.js';
import type { ReceivedResource } from '../../xds/client/received-resource.js';
import {
  shortTypeName,
  TYPE_CLUSTER,
  TYPE_ENDPOINT,
  TYPE_LISTENER,
  TYPE_ROUTE,
} from '../../xds/type-urls.js';
import { type Portion, WHOLE } from '../portion.js';
import { Cluster, type ClusterOptions } from './cluster.js';
import type { ProxyPlace } from './proxy-place.js';
import { PortRoutes } from './port-routes.js';
import type { OutboundListener } from './read-listener.js';
import { clusterKind, endpointKind, listenerKind, routeKind } from './resource-kinds.js';
import { ResourceStore } from './resource-store.js';
import type { RouteConfig } from './route/read-route-config.js';
import { WaitingList } from './waiting-list.js';

export interface ProxyConfigOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Address of the control plane, for people. */
  readonly controlPlane: string;
  /**
   * Called when other route configurations or load assignments are needed than before, from within `apply`.
   * Listeners and clusters are subscribed to as a whole, by whoever made this object.
   */
  readonly onSubscriptions: (typeUrl: string, names: ReadonlySet<string>) => void;
  /** Where this proxy is, and who; default: it does not know. */
  readonly place?: ProxyPlace | undefined;
  /** Asks the hosts of a cluster for their load; default: nobody does. */
  readonly probes?: ClusterOptions['probes'];
  /** No cluster has had this endpoint for a while. */
  readonly onEndpointForgotten?: (address: string) => void;
  /** No cluster of this service is left. */
  readonly onServiceForgotten?: (service: string) => void;
  /**
   * How long routes wait for their clusters and clusters for their endpoints before they are put in force as
   * they are. Default 15 s, as Envoy's `ConfigSource.initial_fetch_timeout`.
   */
  readonly warmingTimeoutMs?: number;
  /** How long the statistics of a removed endpoint are kept. Default 5 minutes. */
  readonly hostGraceMs?: number;
}

/**
 * The configuration in force, fed by the control plane over xDS. Level-triggered: after each response what is
 * in force is brought in line with what has been received, as far as it is complete. Routes are put in force
 * when all their clusters are, clusters when their endpoints have come, and what is no longer sent stays as
 * long as something in force needs it: a request never falls into a hole between two updates.
 */
export class ProxyConfig {
  readonly #options: ProxyConfigOptions;
  readonly #listeners;
  readonly #routes;
  readonly #clusterSettings;
  readonly #assignments;
  readonly #waiting: WaitingList;
  /** In force, by port. */
  readonly #ports = new Map<number, PortRoutes>();
  /** In force, by name. */
  readonly #routeConfigs = new Map<string, RouteConfig>();
  /** In force, by name. */
  readonly #clusters = new Map<string, Cluster>();
  #subscribedRoutes: ReadonlySet<string> = new Set();
  #subscribedAssignments: ReadonlySet<string> = new Set();
  #portion = WHOLE;
  #configVersion = 0;
  #configured = false;

  constructor(options: ProxyConfigOptions) {
    const { clock, logger, warmingTimeoutMs = 15_000 } = options;
    this.#options = options;
    this.#listeners = new ResourceStore(listenerKind, clock);
    this.#routes = new ResourceStore(routeKind, clock);
    this.#clusterSettings = new ResourceStore(clusterKind, clock);
    this.#assignments = new ResourceStore(endpointKind, clock);
    this.#waiting = new WaitingList(clock, warmingTimeoutMs, (what) => {
      logger.warn('the control plane did not send what the configuration needs, going on without', {
        after: `${warmingTimeoutMs / 1000}s`,
        missing: what.join(', '),
      });
      this.#reconcile();
    });
  }

  /** The routes for traffic meant for a port; `undefined` when the port is not ours. */
  route(port: number): RouteTable | undefined {
    return this.#ports.get(port)?.table;
  }

  cluster(name: string): Cluster | undefined {
    return this.#clusters.get(name);
  }

  get clusters(): Iterable<Cluster> {
    return this.#clusters.values();
  }

  /** The ports whose traffic is routed. */
  get ports(): Iterable<number> {
    return this.#ports.keys();
  }

  /**
   * Grows whenever a port, a route table, or the set of clusters changes, which is when kept decisions are
   * void. Endpoints and settings of a cluster come and go without it: they are read from the cluster.
   */
  get configVersion(): number {
    return this.#configVersion;
  }

  /** Whether `host:port` is a destination that the routes know (HTTP CONNECT). */
  knows(host: string, port: number): boolean {
    const table = this.route(port);
    if (table === undefined) return false;
    return (
      findVirtualHost(table, `${host}:${port}`) !== undefined || findVirtualHost(table, host) !== undefined
    );
  }

  /** Whether a complete configuration has come since the start; once true, stays true. */
  get configured(): boolean {
    return this.#configured;
  }

  /** What `configured` waits for; empty when it is true. */
  get reason(): string {
    if (this.#configured) return '';
    if (!this.#listeners.received || !this.#clusterSettings.received) {
      return `waiting for the control plane at ${this.#options.controlPlane}`;
    }
    const [first = 'nothing', ...others] = this.#waiting.current;
    return `waiting for ${first}${others.length > 0 ? ` and ${others.length} more` : ''}`;
  }

  /** What has been received, by type, in make-before-break order. */
  get types() {
    return [this.#clusterSettings, this.#assignments, this.#listeners, this.#routes] as const;
  }

  /** What has been received and has no effect here, for people. */
  get warnings(): readonly string[] {
    const ofResources = this.types.flatMap((store) =>
      store.resources.flatMap(({ name, warnings }) =>
        warnings.map((warning) => `${shortTypeName(store.typeUrl)} ${name}: ${warning}`),
      ),
    );
    return [...ofResources, ...[...this.#ports.values()].flatMap(({ warnings }) => warnings)];
  }

  /**
   * Takes a response of the control plane. Every good resource in it is taken; a bad one leaves its last good
   * state in force.
   *
   * @returns errors that name the resource and the field, for the NACK; none when all is well
   */
  apply(typeUrl: string, version: string, resources: readonly ReceivedResource[]): string[] {
    const { errors, warnings } = this.#store(typeUrl, version, resources);
    for (const warning of warnings) this.#warn(warning, version);
    this.#reconcile();
    return [...errors];
  }

  /** Takes the part of all limits that is this process's. */
  takePortion(portion: Portion): void {
    this.#portion = portion;
    for (const cluster of this.#clusters.values()) cluster.takePortion(portion);
  }

  /** Stops all timers and takes leave of every host; to be called when no request is left. */
  close(): void {
    this.#waiting.close();
    for (const cluster of this.#clusters.values()) cluster.close();
  }

  #store(typeUrl: string, version: string, resources: readonly ReceivedResource[]) {
    switch (typeUrl) {
      case TYPE_LISTENER:
        return this.#listeners.apply(version, resources, () => this.#portConflicts());
      case TYPE_ROUTE:
        return this.#routes.apply(version, resources);
      case TYPE_CLUSTER:
        return this.#clusterSettings.apply(version, resources);
      case TYPE_ENDPOINT:
        return this.#assignments.apply(version, resources);
      default:
        return { errors: [`type ${typeUrl} was not asked for`], warnings: [] };
    }
  }

  #portConflicts(): string[] {
    const owners = new Map<number, string>();
    const errors: string[] = [];
    for (const { name, content } of this.#listeners.resources) {
      const owner = owners.get(content.port);
      if (owner === undefined) owners.set(content.port, name);
      else errors.push(`Listener ${name}: address: port ${content.port} is taken by listener ${owner}`);
    }
    return errors;
  }

  #reconcile(): void {
    const before = this.#configVersion;
    this.#putClustersInForce();
    this.#putRoutesInForce();
    this.#removeClusters();
    this.#waiting.endRound();
    this.#subscribe();
    if (!this.#configured && this.#listeners.received && this.#clusterSettings.received) {
      this.#configured = this.#waiting.current.length === 0;
    }
    if (this.#configVersion !== before) {
      this.#options.logger.debug('configuration changed', { configVersion: this.#configVersion });
    }
  }

  #putClustersInForce(): void {
    const { clock, random, hostGraceMs: graceMs = 300_000, probes, place } = this.#options;
    for (const { name, content: settings } of this.#clusterSettings.resources) {
      const assigned = this.#assignments.get(settings.assignmentName) !== undefined;
      if (!assigned && !this.#waiting.overdue(`endpoints of ${name}`)) continue;
      let cluster = this.#clusters.get(name);
      if (cluster === undefined) {
        const onForgotten = (address: string) => this.#forgetEndpoint(address);
        const portion = this.#portion;
        cluster = new Cluster(settings, { clock, random, graceMs, onForgotten, portion, probes, place });
        this.#clusters.set(name, cluster);
        this.#configVersion++;
      }
      cluster.configure(settings);
    }
    for (const cluster of this.#clusters.values()) {
      const assignment = this.#assignments.get(cluster.assignmentName)?.content;
      if (assignment === undefined) continue;
      cluster.applyEndpoints(assignment.endpoints, assignment.overprovisioningPercent);
    }
  }

  #putRoutesInForce(): void {
    const free = new Set(this.#ports.keys());
    const taken = new Set<number>();
    for (const { content: listener } of this.#listeners.resources) {
      const { port, routeConfigName: name } = listener;
      // Of two listeners for one port the older one stays; the other was reported.
      if (taken.has(port)) continue;
      taken.add(port);
      free.delete(port);
      this.#putRouteConfigInForce(name);
      const config = this.#routeConfigs.get(name);
      if (config !== undefined) this.#putPortInForce(listener, config);
    }
    for (const port of free) {
      this.#ports.delete(port);
      this.#configVersion++;
    }
    const bound = this.#boundRoutes();
    for (const name of this.#routeConfigs.keys()) if (!bound.has(name)) this.#routeConfigs.delete(name);
  }

  #putPortInForce(listener: OutboundListener, config: RouteConfig): void {
    if (this.#ports.get(listener.port)?.isFor(listener, config) === true) return;
    const routes = new PortRoutes(listener, config);
    this.#ports.set(listener.port, routes);
    this.#configVersion++;
    for (const warning of routes.warnings) this.#warn(warning);
  }

  #boundRoutes(): Set<string> {
    return new Set(Array.from(this.#ports.values(), ({ routeConfigName }) => routeConfigName));
  }

  #warn(warning: string, version?: string): void {
    const { logger } = this.#options;
    logger.warn('configuration with a part that does not apply here', { warning, version });
  }

  #putRouteConfigInForce(name: string): void {
    const config = this.#routes.get(name)?.content;
    if (config === undefined) {
      this.#waiting.overdue(`routes ${name}`);
      return;
    }
    if (this.#routeConfigs.get(name) === config) return;
    const missing = [...config.clusters].filter((cluster) => !this.#clusters.has(cluster));
    // Every cluster is asked for, so that all of them are named while they are waited for.
    const overdue = missing.map((cluster) => this.#waiting.overdue(`cluster ${cluster} of routes ${name}`));
    if (!overdue.every(Boolean)) return;
    this.#routeConfigs.set(name, config);
  }

  #removeClusters(): void {
    const needed = new Set<string>();
    for (const { clusters } of this.#routeConfigs.values()) for (const name of clusters) needed.add(name);
    for (const [name, cluster] of this.#clusters) {
      if (needed.has(name) || this.#clusterSettings.get(name) !== undefined) continue;
      const addresses = [...cluster.hosts.keys()];
      this.#clusters.delete(name);
      cluster.close();
      this.#configVersion++;
      for (const address of addresses) this.#forgetEndpoint(address);
      this.#forgetService(cluster.service);
    }
  }

  #subscribe(): void {
    const { onSubscriptions } = this.#options;
    const routes = this.#boundRoutes();
    for (const { content } of this.#listeners.resources) routes.add(content.routeConfigName);
    const assignments = new Set<string>();
    for (const { assignmentName } of this.#clusters.values()) assignments.add(assignmentName);
    for (const { content } of this.#clusterSettings.resources) assignments.add(content.assignmentName);
    this.#routes.retain(routes);
    this.#assignments.retain(assignments);
    if (!isSameSet(assignments, this.#subscribedAssignments)) {
      this.#subscribedAssignments = assignments;
      onSubscriptions(TYPE_ENDPOINT, assignments);
    }
    if (!isSameSet(routes, this.#subscribedRoutes)) {
      this.#subscribedRoutes = routes;
      onSubscriptions(TYPE_ROUTE, routes);
    }
  }

  #forgetEndpoint(address: string): void {
    for (const { hosts } of this.#clusters.values()) if (hosts.has(address)) return;
    this.#options.onEndpointForgotten?.(address);
  }

  #forgetService(service: string): void {
    for (const cluster of this.#clusters.values()) if (cluster.service === service) return;
    this.#options.onServiceForgotten?.(service);
  }
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item));
}
