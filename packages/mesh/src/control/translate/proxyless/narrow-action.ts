import type {
  RouteAction,
  RouteAction_HashPolicy,
  WeightedCluster,
} from '../../../xds/generated/envoy.config.route.v3.js';
import type { Duration } from '../../../xds/generated/google.protobuf.js';
import type { ClientProfile } from '../client-profile.js';
import type { Limits } from './limits.js';
import { narrowRetry } from './narrow-retry.js';

/** Fields that change a request on its way: gRPC libraries send what the application gave them. */
const CHANGES: readonly (readonly [keyof RouteAction, string])[] = [
  ['prefixRewrite', 'rewrite: uri'],
  ['regexRewrite', 'rewrite: uriRegexRewrite'],
  ['hostRewriteLiteral', 'rewrite: authority'],
];

/** A forwarding action as far as gRPC libraries carry it out. */
export function narrowAction(action: RouteAction, profile: ClientProfile, limits: Limits): RouteAction {
  for (const [field, feature] of CHANGES) {
    if (action[field] !== undefined) limits.add(feature, 'ignored', 'the call goes out as it is');
  }
  if ((action.requestMirrorPolicies ?? []).length > 0) {
    limits.add('mirroring', 'ignored', 'nothing is mirrored');
  }
  if (action.idleTimeout !== undefined) {
    limits.add('streamIdleTimeout', 'ignored', 'a silent stream stays open');
  }
  const retryPolicy = action.retryPolicy && narrowRetry(action.retryPolicy, profile, limits);
  const hashPolicy = narrowHash(action.hashPolicy ?? [], profile, limits);
  return {
    ...(action.weightedClusters === undefined
      ? { cluster: action.cluster }
      : { weightedClusters: narrowWeights(action.weightedClusters, limits) }),
    ...narrowTimeout(action, profile, limits),
    ...(retryPolicy !== undefined && { retryPolicy }),
    ...(hashPolicy.length > 0 && { hashPolicy }),
  };
}

/**
 * gRFC A31 knows one limit, `max_stream_duration`. It is written out where there is none, since grpc-js otherwise takes
 * the connection manager's idle timeout for one. 0 leaves the caller's own deadline in force.
 */
function narrowTimeout(
  { timeout, maxStreamDuration }: RouteAction,
  { capabilities }: ClientProfile,
  limits: Limits,
): Pick<RouteAction, 'maxStreamDuration'> {
  const all = [timeout, maxStreamDuration?.maxStreamDuration].filter((each) => each !== undefined);
  const lengths = all.filter((each) => lengthMs(each) > 0).sort((a, b) => lengthMs(a) - lengthMs(b));
  if (!capabilities.has('timeout')) {
    if (lengths.length > 0) limits.add('timeout', 'ignored', "only the caller's own deadline counts");
    return {};
  }
  return { maxStreamDuration: { maxStreamDuration: lengths[0] ?? { seconds: 0 } } };
}

function lengthMs({ seconds = 0, nanos = 0 }: Duration): number {
  return seconds * 1000 + nanos / 1_000_000;
}

/** `total_weight` is always there: grpc-js takes it for 100 otherwise, and what is missing to that goes nowhere. */
function narrowWeights({ clusters = [] }: WeightedCluster, limits: Limits): WeightedCluster {
  const narrowed = clusters.map(({ name, weight, ...changes }) => {
    if (Object.keys(changes).length > 0) {
      limits.add('headers of a destination', 'ignored', 'headers are not changed');
    }
    return { name, weight };
  });
  const total = narrowed.reduce((sum, { weight }) => sum + (weight?.value ?? 0), 0);
  return { clusters: narrowed, totalWeight: { value: total } };
}

/** Source: gRFC A42: headers, and the channel itself. */
function narrowHash(
  policies: readonly RouteAction_HashPolicy[],
  { capabilities }: ClientProfile,
  limits: Limits,
): readonly RouteAction_HashPolicy[] {
  if (!capabilities.has('ringHash')) return [];
  return policies.flatMap((policy): RouteAction_HashPolicy[] => {
    if (policy.header !== undefined) {
      if (!(policy.header.headerName ?? '').endsWith('-bin')) return [policy];
      limits.add('consistentHash: binary header', 'ignored', 'calls go to any endpoint');
      return [];
    }
    if (policy.connectionProperties?.sourceIp === true) {
      limits.add('consistentHash: useSourceIp', 'approximated', 'each channel stays with one endpoint');
      return [{ filterState: { key: 'io.grpc.channel_id' } }];
    }
    const what = policy.cookie === undefined ? 'httpQueryParameterName' : 'httpCookie';
    limits.add(`consistentHash: ${what}`, 'ignored', 'calls go to any endpoint');
    return [];
  });
}
