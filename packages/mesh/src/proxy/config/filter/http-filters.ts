import type { FaultPolicy, LocalRateLimitPolicy, RouteTableDescription } from '@weir/core';
import { FAULT_FILTER, LOCAL_RATE_LIMIT_FILTER } from '../../../xds/type-urls.js';

/**
 * The filters of a listener with what they do to requests of which the routes say nothing else. A filter that
 * is not there is `undefined`: what routes say of it has no effect.
 */
export interface HttpFilters {
  readonly fault: { readonly policy: FaultPolicy | undefined } | undefined;
  readonly rateLimit: { readonly policy: LocalRateLimitPolicy | undefined } | undefined;
}

/** Settings without a filter, and a filter without settings. */
export interface FilterUse {
  readonly fault: boolean;
  readonly rateLimit: boolean;
}

/** Which filters the routes say something of. */
export function filtersUsed({ virtualHosts }: RouteTableDescription): FilterUse {
  const levels = virtualHosts.flatMap((host) => [
    host,
    ...host.routes.flatMap((route) => [
      route,
      ...(route.action.kind === 'forward' ? route.action.clusters : []),
    ]),
  ]);
  return {
    fault: levels.some(({ fault }) => fault !== undefined),
    rateLimit: levels.some(({ rateLimit }) => rateLimit !== undefined),
  };
}

/** Names of the filters that the routes say something of and the listener does not have. */
export function filtersMissing(used: FilterUse, filters: HttpFilters): readonly string[] {
  const missing: string[] = [];
  if (used.fault && filters.fault === undefined) missing.push(FAULT_FILTER);
  if (used.rateLimit && filters.rateLimit === undefined) missing.push(LOCAL_RATE_LIMIT_FILTER);
  return missing;
}

/** The routes as they are behind a listener's filters; the same object when the filters change nothing. */
export function behindFilters(
  description: RouteTableDescription,
  used: FilterUse,
  filters: HttpFilters,
): RouteTableDescription {
  const { fault, rateLimit } = filters;
  const isMissing = filtersMissing(used, filters).length > 0;
  if (!isMissing && fault?.policy === undefined && rateLimit?.policy === undefined) return description;
  const strip = <Level extends Partial<Record<'fault' | 'rateLimit', unknown>>>(level: Level): Level => {
    const copy = { ...level };
    if (fault === undefined) delete copy.fault;
    if (rateLimit === undefined) delete copy.rateLimit;
    return copy;
  };
  const defaults = {
    ...(fault?.policy && { fault: fault.policy }),
    ...(rateLimit?.policy && { rateLimit: rateLimit.policy }),
  };
  const virtualHosts = description.virtualHosts.map((host) => ({
    ...defaults,
    ...strip(host),
    routes: host.routes.map((route) => {
      const { action } = route;
      if (action.kind !== 'forward') return strip(route);
      return strip({ ...route, action: { ...action, clusters: action.clusters.map(strip) } });
    }),
  }));
  return { ...description, virtualHosts };
}
