import type { ForwardAction, HedgingPolicy, Mirror, RetryPolicy } from '@weir/core';
import type { RouteAction } from '../../../xds/generated/envoy.config.route.v3.js';
import { readDuration } from '../duration.js';
import type { Findings } from '../findings.js';
import { setFields } from '../set-fields.js';
import { readHashPolicies } from './read-hash-policy.js';
import { readMirrors } from './read-mirrors.js';
import { readRetryPolicy } from './read-retry-policy.js';
import type { RouteMetadata } from './read-route-metadata.js';
import { readHostRewrite, readPathRewrite } from './read-rewrites.js';
import { readClusters } from './read-clusters.js';

const FIELDS = [
  'cluster',
  'weightedClusters',
  'timeout',
  'maxStreamDuration',
  'maxGrpcTimeout',
  'idleTimeout',
  'retryPolicy',
  'requestMirrorPolicies',
  'hashPolicy',
  'prefixRewrite',
  'regexRewrite',
  'hostRewriteLiteral',
  'hostRewriteHeader',
  'hostRewritePathRegex',
  'autoHostRewrite',
  'clusterNotFoundResponseCode',
];
/** Without these, requests would go elsewhere or arrive as something else than was meant. */
const REFUSED = new Set([
  'clusterHeader',
  'clusterSpecifierPlugin',
  'inlineClusterSpecifierPlugin',
  'metadataMatch',
  'pathRewritePolicy',
]);
const KNOWN = new Set([...FIELDS, ...REFUSED]);
const STREAM_DURATION_FIELDS = new Set(['maxStreamDuration', 'grpcTimeoutHeaderMax']);
const UNAVAILABLE = 14;

/** What the levels above a route say for routes that say nothing of it. */
export interface ForwardDefaults {
  readonly mirrors: readonly Mirror[] | undefined;
  readonly retry: RetryPolicy | undefined;
  readonly idempotent: boolean | undefined;
}

/** Reads where a route sends requests, and how long and how often they are tried. */
export function readForward(
  path: string,
  action: RouteAction,
  metadata: RouteMetadata,
  defaults: ForwardDefaults,
  findings: Findings,
): ForwardAction | undefined {
  findings.unused(path, action, KNOWN);
  findings.refuse(path, action, REFUSED);
  const clusters = readClusters(path, action, findings);
  const retry = withMetadata(
    readRetryPolicy(`${path}.retry_policy`, action.retryPolicy, findings),
    metadata,
    defaults,
  );
  const times = readTimes(path, action, findings);
  const rest = setFields({
    retry,
    hedging: hedgingPolicy(metadata, retry ?? defaults.retry),
    mirrors: readMirrors(path, action.requestMirrorPolicies, findings) ?? defaults.mirrors,
    pathRewrite: readPathRewrite(path, action, findings),
    hostRewrite: readHostRewrite(path, action, findings),
    hash: readHashPolicies(`${path}.hash_policy`, action.hashPolicy, findings),
  });
  return clusters && { kind: 'forward', clusters, ...times, ...rest };
}

/** What metadata says of retries is said of the policy that counts for the route. */
function withMetadata(
  own: RetryPolicy | undefined,
  metadata: RouteMetadata,
  defaults: ForwardDefaults,
): RetryPolicy | undefined {
  const { retryGrpcCodes = [] } = metadata;
  const policy = own ?? (metadata.idempotent === undefined ? undefined : defaults.retry);
  if (policy === undefined) return undefined;
  const { on } = policy;
  const idempotent = metadata.idempotent ?? defaults.idempotent;
  return {
    ...policy,
    on: { ...on, grpcCodes: new Set([...on.grpcCodes, ...retryGrpcCodes]) },
    ...setFields({ idempotent }),
  };
}

/** The hedging that metadata asks for; what is worth a retry is worth the next attempt. */
export function hedgingPolicy(
  { hedging }: RouteMetadata,
  retry: RetryPolicy | undefined,
): HedgingPolicy | undefined {
  if (hedging === undefined) return undefined;
  const { nonFatalCodes = retry?.on.grpcCodes ?? new Set([UNAVAILABLE]) } = hedging;
  return { ...hedging, nonFatalCodes };
}

/**
 * Envoy cuts a request off after 15 s when no timeout is written; here, as in gRPC, there is none then. A
 * length of 0 means none in both.
 */
function readTimes(path: string, action: RouteAction, findings: Findings) {
  const { maxStreamDuration: stream = {} } = action;
  const where = `${path}.max_stream_duration`;
  findings.unused(where, stream, STREAM_DURATION_FIELDS);
  const headerMaxMs = readDuration(`${where}.grpc_timeout_header_max`, stream.grpcTimeoutHeaderMax, findings);
  const grpcMaxMs = readDuration(`${path}.max_grpc_timeout`, action.maxGrpcTimeout, findings);
  const durationMs = readDuration(`${where}.max_stream_duration`, stream.maxStreamDuration, findings) ?? 0;
  return {
    timeoutMs: readDuration(`${path}.timeout`, action.timeout, findings) ?? 0,
    ...setFields({
      // "max_grpc_timeout ... Deprecated by max_stream_duration" (RouteAction).
      maxGrpcTimeoutMs: unlessZero(headerMaxMs ?? grpcMaxMs ?? 0),
      maxStreamDurationMs: unlessZero(durationMs),
      idleTimeoutMs: unlessZero(readDuration(`${path}.idle_timeout`, action.idleTimeout, findings) ?? 0),
    }),
  };
}

function unlessZero(lengthMs: number): number | undefined {
  return lengthMs === 0 ? undefined : lengthMs;
}
