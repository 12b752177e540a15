import { compileRoute, type Route } from './compile-route.js';
import type { Decision } from './decision.js';
import type { RouteTableDescription, VirtualHostDescription } from './description.js';
import { DomainIndex } from './domain-index.js';
import { headerLookedAt } from './header-condition.js';
import { HeaderMemo } from './header-memo.js';
import { PathIndex } from './path-index.js';
import { WeightedChoice } from './weighted-choice.js';

/** A route configuration ready to be asked; it never changes, a new configuration makes a new one. */
export interface RouteTable {
  readonly version: string;
  readonly virtualHosts: readonly VirtualHost[];
  readonly domains: Pick<DomainIndex<VirtualHost>, 'find'>;
}

export interface VirtualHost {
  readonly description: VirtualHostDescription;
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
  readonly noMatch: Decision;
  readonly paths: PathIndex;
  /** Worth its while only when headers are looked at more than once. */
  readonly memo: HeaderMemo | undefined;
  /**
   * What its routes look at beside the authority and the path: names of headers in lower case, `:method` and
   * `:scheme` among them; each once.
   */
  readonly headersLookedAt: readonly string[];
  /** Whether the same request may be decided otherwise the next time, as it is divided between clusters. */
  readonly leftToChance: boolean;
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
    const compiled = compileVirtualHost(virtualHost, description);
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

function compileVirtualHost(
  description: VirtualHostDescription,
  table: Pick<RouteTableDescription, 'mostSpecificHeadersWin'>,
): VirtualHost {
  const { name, domains } = description;
  const routes = description.routes.map((route, index) =>
    blaming(`virtual host "${name}": routes[${index}]`, () => compileRoute(route, description, table)),
  );
  const looks = description.routes.flatMap(({ match }) => match.headers.map(headerLookedAt));
  const headersLookedAt = [...new Set(looks.filter((header) => header !== undefined))];
  return {
    description,
    name,
    domains,
    routes,
    noMatch: { kind: 'no-route', reason: 'no-matching-route', virtualHost: name },
    paths: new PathIndex(routes),
    memo: looks.length > headersLookedAt.length ? new HeaderMemo(headersLookedAt) : undefined,
    headersLookedAt,
    leftToChance: routes.some(({ outcome }) => outcome instanceof WeightedChoice),
  };
}

/**
 * Whether a virtual host decides by authority and path alone, always in the same way: then a decision may be
 * kept for the two of them. If not, `headersLookedAt` and `leftToChance` say why not.
 */
export function decisionCacheable(virtualHost: VirtualHost): boolean {
  return virtualHost.headersLookedAt.length === 0 && !virtualHost.leftToChance;
}

/** Every cluster that requests may be sent to under this configuration, copies of requests included. */
export function clustersOf(description: RouteTableDescription): ReadonlySet<string> {
  const clusters = new Set<string>();
  for (const { routes } of description.virtualHosts) {
    for (const { action } of routes) {
      if (action.kind !== 'forward') continue;
      for (const { cluster, weight } of action.clusters) if (weight > 0) clusters.add(cluster);
      for (const { cluster, fraction } of action.mirrors ?? []) {
        if (fraction.numerator > 0) clusters.add(cluster);
      }
    }
  }
  return clusters;
}

function blaming<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RangeError ? new RangeError(`${where}: ${error.message}`) : error;
  }
}
