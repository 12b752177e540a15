import type { Clock } from '../clock.js';
import type { Random } from '../random.js';
import type { Route } from './compile-route.js';
import { firstFailing } from './condition.js';
import type { Decision } from './decision.js';
import type { RouteRequest } from './request.js';
import type { RouteTable, VirtualHost } from './route-table.js';
import { WeightedChoice } from './weighted-choice.js';

const NO_VIRTUAL_HOST: Decision = { kind: 'no-route', reason: 'no-virtual-host', virtualHost: '' };

/**
 * Where a request goes: the virtual host by its authority, then the first of the host's routes that matches.
 * The decision may be kept for the same authority and path when `decisionCacheable` says so of the virtual
 * host.
 */
export function decide(request: RouteRequest, table: RouteTable, _clock: Clock, random: Random): Decision {
  const virtualHost = findVirtualHost(table, request.authority);
  return virtualHost === undefined ? NO_VIRTUAL_HOST : decideWithin(virtualHost, request, random);
}

/** Who answers for an authority, the port being part of it. */
export function findVirtualHost(table: RouteTable, authority: string): VirtualHost | undefined {
  return table.domains.find(authority);
}

/** The second half of `decide`, for a caller that has looked up the virtual host before. */
export function decideWithin(virtualHost: VirtualHost, request: RouteRequest, random: Random): Decision {
  const route = findRoute(virtualHost, request);
  return route === undefined ? virtualHost.noMatch : drawDecision(route, random);
}

/**
 * The first route of a virtual host that matches. It depends on the authority, the path and the host's
 * `headersLookedAt` alone, so that a caller may keep it for these; chance comes in only with `drawDecision`.
 */
export function findRoute({ paths, memo }: VirtualHost, request: RouteRequest): Route | undefined {
  const asked = memo === undefined ? request : memo.take(request);
  const routes = paths.routesFor(request);
  let found: Route | undefined;
  for (let index = 0; index < routes.length && found === undefined; index++) {
    if (firstFailing(routes[index]!.conditions, asked, 1) === -1) found = routes[index];
  }
  memo?.release();
  return found;
}

/** The decision for one request of a route: drawn when its requests are divided between clusters. */
export function drawDecision({ outcome }: Route, random: Random): Decision {
  return outcome instanceof WeightedChoice ? outcome.draw(random) : outcome;
}
