import type { Decision } from './decision.js';
import type {
  ForwardAction,
  RouteDescription,
  RouteMatch,
  RouteTableDescription,
  VirtualHostDescription,
} from './description.js';
import { DomainIndex } from './domain-index.js';
import { looksAtPathOnly } from './matchers.js';
import { WeightedChoice } from './weighted-choice.js';

/** A route configuration ready to be asked; it never changes, a new configuration makes a new one. */
export interface RouteTable {
  readonly version: string;
  readonly virtualHosts: readonly VirtualHost[];
  readonly domains: Pick<DomainIndex<VirtualHost>, 'find'>;
}

export interface VirtualHost {
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
  readonly noMatch: Decision;
}

export interface Route {
  readonly match: RouteMatch;
  /**
   * Made beforehand, so that deciding allocates nothing; several when requests are divided between clusters.
   */
  readonly outcome: Decision | WeightedChoice<Decision>;
}

/**
 * Makes a route table from its description.
 *
 * @throws {RangeError} when the description contradicts itself; the message names the virtual host and the
 *   field
 */
export function compileRouteTable(description: RouteTableDescription): RouteTable {
  const domains = new DomainIndex<VirtualHost>();
  const virtualHosts = description.virtualHosts.map((virtualHost) => {
    const compiled = compileVirtualHost(virtualHost);
    virtualHost.domains.forEach((domain, index) => {
      const added = blaming(`virtual host "${virtualHost.name}": domains[${index}]`, () =>
        domains.add(domain, compiled),
      );
      if (!added) {
        throw new RangeError(
          `virtual host "${virtualHost.name}": domains[${index}]: "${domain}" is taken already ` +
            `by virtual host "${domains.find(domain)?.name}"; each domain may be used once`,
        );
      }
    });
    return compiled;
  });
  return { version: description.version, virtualHosts, domains };
}

function compileVirtualHost(virtualHost: VirtualHostDescription): VirtualHost {
  const { name, domains } = virtualHost;
  return {
    name,
    domains,
    routes: virtualHost.routes.map((route, index) =>
      blaming(`virtual host "${name}": routes[${index}]`, () => compileRoute(route, name)),
    ),
    noMatch: { kind: 'no-route', reason: 'no-matching-route', virtualHost: name },
  };
}

function compileRoute(route: RouteDescription, virtualHost: string): Route {
  const { match, action } = route;
  const headers = match.headers.map((matcher) => ({ ...matcher, name: matcher.name.toLowerCase() }));
  return { match: { path: match.path, headers }, outcome: compileAction(action, route.name, virtualHost) };
}

function compileAction(action: ForwardAction, routeName: string, virtualHost: string): Route['outcome'] {
  const { timeoutMs, clusters } = action;
  const decisions = clusters.map(({ cluster, weight }) => ({
    item: { kind: 'forward', cluster, timeoutMs, routeName, virtualHost } satisfies Decision,
    weight,
  }));
  const choice = new WeightedChoice<Decision>(decisions);
  const inUse = decisions.filter(({ weight }) => weight > 0);
  return inUse.length === 1 ? inUse[0]!.item : choice;
}

/**
 * Whether a virtual host decides by authority and path alone, always in the same way: then a decision may be
 * kept.
 */
export function decisionCacheable(virtualHost: VirtualHost): boolean {
  return virtualHost.routes.every(
    (route) => looksAtPathOnly(route.match) && !(route.outcome instanceof WeightedChoice),
  );
}

function blaming<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RangeError ? new RangeError(`${where}: ${error.message}`) : error;
  }
}
