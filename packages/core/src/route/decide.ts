import type { Clock } from '../clock.js';
import type { Random } from '../random.js';
import { matches } from './compile-route.js';
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
  for (const route of virtualHost.routes) {
    if (!matches(route, request)) continue;
    const { outcome } = route;
    return outcome instanceof WeightedChoice ? outcome.draw(random) : outcome;
  }
  return virtualHost.noMatch;
}
