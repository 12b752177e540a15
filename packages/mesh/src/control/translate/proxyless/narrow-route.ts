import type { Route, RouteAction, VirtualHost } from '../../../xds/generated/envoy.config.route.v3.js';
import {
  encodeHTTPFault,
  type FaultAbort,
} from '../../../xds/generated/envoy.extensions.filters.http.fault.v3.js';
import type { Any } from '../../../xds/generated/google.protobuf.js';
import { FAULT_FILTER, LOCAL_RATE_LIMIT_FILTER, TYPE_FAULT } from '../../../xds/type-urls.js';
import type { ClientProfile } from '../client-profile.js';
import { metadataContent } from '../sidecar/weir-metadata.js';
import type { Limits } from './limits.js';
import { narrowAction } from './narrow-action.js';
import { narrowMatch } from './narrow-match.js';

type Filters = Readonly<Record<string, Any>>;

/** google.rpc.Code */
const UNIMPLEMENTED = 12;
/** gRPC statuses that a gRPC library can be told to retry. */
const RETRIED_CODES: ReadonlySet<unknown> = new Set([1, 4, 8, 13, 14]);

/**
 * A virtual host's routes as far as a gRPC library follows them; what it cannot do is noted.
 *
 * @param ownCluster of the service that was called
 */
export function narrowHost(
  host: Pick<VirtualHost, 'routes' | 'typedPerFilterConfig'>,
  profile: ClientProfile,
  ownCluster: string,
  limits: Limits,
): readonly Route[] {
  if (host.typedPerFilterConfig?.[LOCAL_RATE_LIMIT_FILTER] !== undefined) {
    limits.from(host.routes?.at(-1)?.metadata);
    limits.add('rateLimit', 'ignored', 'calls are not limited');
  }
  return (host.routes ?? []).flatMap((route) => narrowRoute(route, profile, ownCluster, limits));
}

function narrowRoute(
  route: Route,
  profile: ClientProfile,
  ownCluster: string,
  limits: Limits,
): readonly Route[] {
  limits.from(route.metadata);
  const matches = narrowMatch(route.match ?? {}, limits);
  if (matches.length === 0) return [];
  if (route.requestHeadersToAdd || route.requestHeadersToRemove) {
    limits.add('headers: request', 'ignored', 'headers are not changed');
  }
  if (route.responseHeadersToAdd || route.responseHeadersToRemove) {
    limits.add('headers: response', 'ignored', 'headers are not changed');
  }
  noteMetadata(route, limits);
  const narrowed =
    route.route === undefined
      ? answerItself(route, profile, ownCluster, limits)
      : forward(route.route, route.typedPerFilterConfig ?? {}, profile, limits);
  if (narrowed === undefined) return [];
  return matches.map((match) => ({ name: route.name, match, ...narrowed }));
}

function forward(
  action: RouteAction,
  filters: Filters,
  profile: ClientProfile,
  limits: Limits,
): Pick<Route, 'route' | 'typedPerFilterConfig'> {
  if (filters[LOCAL_RATE_LIMIT_FILTER] !== undefined) {
    limits.add('rateLimit', 'ignored', 'calls are not limited');
  }
  const fault = filters[FAULT_FILTER];
  if (fault !== undefined && !profile.capabilities.has('fault')) {
    limits.add('fault', 'ignored', 'no faults are injected');
  }
  const keepsFault = fault !== undefined && profile.capabilities.has('fault');
  return {
    route: narrowAction(action, profile, limits),
    ...(keepsFault && { typedPerFilterConfig: { [FAULT_FILTER]: fault } }),
  };
}

/**
 * gRPC libraries answer no call themselves but by a fault, and grpc-js refuses every other action, so an answer is made
 * a fault that befalls all calls. Undefined where there are no faults either.
 */
function answerItself(
  { redirect, directResponse }: Route,
  profile: ClientProfile,
  ownCluster: string,
  limits: Limits,
): Pick<Route, 'route' | 'typedPerFilterConfig'> | undefined {
  const what = redirect === undefined ? 'directResponse' : 'redirect';
  if (!profile.capabilities.has('fault')) {
    limits.add(what, 'ignored', 'the route is left out');
    return undefined;
  }
  const status = directResponse?.status ?? 0;
  const abort: FaultAbort = status >= 300 ? { httpStatus: status } : { grpcStatus: UNIMPLEMENTED };
  if (status < 300) limits.add(what, 'approximated', 'calls fail with UNIMPLEMENTED');
  else if (directResponse?.body !== undefined) {
    limits.add('directResponse: body', 'ignored', `calls fail as after HTTP status ${status}`);
  }
  const percentage = { numerator: 100, denominator: 'HUNDRED' } as const;
  const value = encodeHTTPFault({ abort: { ...abort, percentage } });
  return {
    route: { cluster: ownCluster },
    typedPerFilterConfig: { [FAULT_FILTER]: { typeUrl: TYPE_FAULT, value } },
  };
}

/** What Envoy has no field for stands in the metadata, which gRPC libraries do not read. */
function noteMetadata({ metadata }: Route, limits: Limits): void {
  const { hedging, retryGrpcCodes } = metadataContent(metadata);
  if (hedging !== undefined) limits.add('hedging', 'ignored', 'one attempt is made at a time');
  const others = Array.isArray(retryGrpcCodes)
    ? retryGrpcCodes.filter((code) => !RETRIED_CODES.has(code))
    : [];
  if (others.length > 0) {
    limits.add(`retry: codes ${others.join(', ')}`, 'ignored', 'they end the call');
  }
}
