import type { GrpcPolicyObject } from '../../../kube/resources/grpc-policy.js';
import { codeOfName } from '../../../kube/resources/grpc-code.js';
import type { FaultObject } from '../../../kube/resources/http-route.js';
import type { FaultDelay } from '../../../xds/generated/envoy.extensions.filters.common.fault.v3.js';
import {
  encodeHTTPFault,
  type FaultAbort,
  type HTTPFault,
} from '../../../xds/generated/envoy.extensions.filters.http.fault.v3.js';
import { encodeLocalRateLimit } from '../../../xds/generated/envoy.extensions.filters.http.local_ratelimit.v3.js';
import type { Any } from '../../../xds/generated/google.protobuf.js';
import { TYPE_FAULT, TYPE_LOCAL_RATE_LIMIT } from '../../../xds/type-urls.js';
import { durationOf } from './duration.js';
import { fractionOf, runtimeFractionOf } from './fraction.js';

/** The configuration of the fault filter for a route; undefined when nobody is to be hurt. */
export function translateFault({ delay, abort }: FaultObject): Any | undefined {
  const fault: HTTPFault = {
    delay: delay && translateDelay(delay),
    abort: abort && translateAbort(abort),
  };
  if (fault.delay === undefined && fault.abort === undefined) return undefined;
  return { typeUrl: TYPE_FAULT, value: encodeHTTPFault(fault) };
}

function translateDelay(delay: NonNullable<FaultObject['delay']>): FaultDelay | undefined {
  // Istio: an absent percentage is none at all.
  const percent = delay.percentage?.value ?? delay.percent ?? 0;
  if (delay.fixedDelay === undefined || percent === 0) return undefined;
  return { fixedDelay: durationOf(delay.fixedDelay), percentage: fractionOf(percent) };
}

function translateAbort(abort: NonNullable<FaultObject['abort']>): FaultAbort | undefined {
  const percent = abort.percentage?.value ?? 0;
  if (percent === 0) return undefined;
  const percentage = fractionOf(percent);
  if (abort.httpStatus !== undefined) return { httpStatus: abort.httpStatus, percentage };
  const grpcStatus = codeOfName(abort.grpcStatus ?? '');
  return grpcStatus === undefined ? undefined : { grpcStatus, percentage };
}

const UNIT_SECONDS = { second: 1, minute: 60, hour: 3600 } as const;

type RateLimitObject = NonNullable<GrpcPolicyObject['spec']['rateLimit']>;

/** @param name of what is limited, for statistics */
export function translateRateLimit(limit: RateLimitObject, name: string): Any {
  const value = encodeLocalRateLimit({
    statPrefix: name,
    tokenBucket: {
      maxTokens: limit.burst ?? limit.requestsPerUnit,
      tokensPerFill: { value: limit.requestsPerUnit },
      fillInterval: { seconds: UNIT_SECONDS[limit.unit] },
    },
    // Both are 0 % when they are left out.
    filterEnabled: runtimeFractionOf(100),
    filterEnforced: runtimeFractionOf(100),
    // Envoy answers gRPC with UNAVAILABLE otherwise.
    rateLimitedAsResourceExhausted: true,
  });
  return { typeUrl: TYPE_LOCAL_RATE_LIMIT, value };
}
