import type { GrpcPolicyObject } from '../../../kube/resources/grpc-policy.js';
import { codeOfName } from '../../../kube/resources/grpc-code.js';
import type { RetriesObject } from '../../../kube/resources/http-route.js';
import { GRPC_RETRY_WORDS, httpCodeOf, splitRetryOn } from '../../../kube/resources/retry-on.js';
import type { RetryPolicy } from '../../../xds/generated/envoy.config.route.v3.js';
import { encodePreviousHostsPredicate } from '../../../xds/generated/envoy.extensions.retry.host.previous_hosts.v3.js';
import { encodePreviousPrioritiesConfig } from '../../../xds/generated/envoy.extensions.retry.priority.previous_priorities.v3.js';
import { TYPE_PREVIOUS_HOSTS, TYPE_PREVIOUS_PRIORITIES } from '../../../xds/type-urls.js';
import { durationOf } from './duration.js';

/** Istio's default since 1.24: nothing that an application that answered may have done. */
const DEFAULT_RETRY_ON = 'connect-failure,refused-stream,unavailable,cancelled';
/** Attempts that provably were not processed are worth another one under any policy. */
const UNPROCESSED = ['connect-failure', 'refused-stream'];

/** Istio `hostSelectionRetryMaxAttempts`. */
const HOST_SELECTION_ATTEMPTS = 5;
/** Istio: after so many attempts the priorities tried before are avoided. */
const PRIORITY_UPDATE_FREQUENCY = 2;

const AVOID_PREVIOUS_HOSTS: Pick<RetryPolicy, 'retryHostPredicate' | 'hostSelectionRetryMaxAttempts'> = {
  retryHostPredicate: [
    {
      name: 'envoy.retry_host_predicates.previous_hosts',
      typedConfig: { typeUrl: TYPE_PREVIOUS_HOSTS, value: encodePreviousHostsPredicate({}) },
    },
  ],
  hostSelectionRetryMaxAttempts: HOST_SELECTION_ATTEMPTS,
};

/** No retries but of what reached no application, which the sidecar sends elsewhere whatever the policy. */
const NEVER: RetryPolicy = { numRetries: { value: 0 } };

/** @param hashes whether an endpoint is chosen by hash: then another attempt must go to the same one (as in Istio) */
export function translateRetries(retries: RetriesObject, hashes: boolean): RetryPolicy {
  // Istio: "attempts … if set to 0 (or left out), retries are disabled".
  if ((retries.attempts ?? 0) === 0) return NEVER;
  const words = splitRetryOn(retries.retryOn ?? '');
  const statuses = words.map(httpCodeOf).filter((code) => code !== undefined);
  const conditions = words.filter((word) => httpCodeOf(word) === undefined);
  if (statuses.length > 0 && !conditions.includes('retriable-status-codes'))
    conditions.push('retriable-status-codes');
  const avoids = retries.retryIgnorePreviousHosts ?? !hashes;
  return {
    retryOn: conditions.length === 0 ? DEFAULT_RETRY_ON : conditions.join(','),
    numRetries: { value: retries.attempts ?? 0 },
    ...(statuses.length > 0 && { retriableStatusCodes: statuses }),
    ...perTry(retries.perTryTimeout),
    ...backoff(retries.backoff),
    ...(retries.retryRemoteLocalities === true && {
      retryPriority: {
        name: 'envoy.retry_priorities.previous_priorities',
        typedConfig: {
          typeUrl: TYPE_PREVIOUS_PRIORITIES,
          value: encodePreviousPrioritiesConfig({ updateFrequency: PRIORITY_UPDATE_FREQUENCY }),
        },
      },
    }),
    ...(avoids && AVOID_PREVIOUS_HOSTS),
  };
}

type GrpcRetry = NonNullable<GrpcPolicyObject['spec']['retry']>;

/** The policy as far as Envoy's words reach; for the other codes see `codesOf`. */
export function translateGrpcRetry(retry: GrpcRetry, hashes: boolean): RetryPolicy {
  if (retry.attempts === 0) return NEVER;
  const codes = codesOf(retry);
  const words = [...GRPC_RETRY_WORDS].filter(([, code]) => codes.includes(code)).map(([word]) => word);
  return {
    retryOn: [...UNPROCESSED, ...words].join(','),
    numRetries: { value: retry.attempts },
    ...perTry(retry.perTryTimeout),
    ...backoff(retry.backoff),
    ...(!hashes && AVOID_PREVIOUS_HOSTS),
  };
}

/** Numbers of the gRPC statuses that are retried, in order. */
export function codesOf({ codes }: Pick<GrpcRetry, 'codes'>): number[] {
  const numbers = codes.map((code) => codeOfName(String(code))).filter((code) => code !== undefined);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function perTry(text: string | undefined): Pick<RetryPolicy, 'perTryTimeout'> {
  return text === undefined ? {} : { perTryTimeout: durationOf(text) };
}

/** The longest pause is left out: Envoy makes it ten times the base. */
function backoff(text: string | undefined): Pick<RetryPolicy, 'retryBackOff'> {
  return text === undefined ? {} : { retryBackOff: { baseInterval: durationOf(text) } };
}
