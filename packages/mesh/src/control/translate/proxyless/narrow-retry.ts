import type { RetryPolicy } from '../../../xds/generated/envoy.config.route.v3.js';
import type { ClientProfile } from '../client-profile.js';
import type { Limits } from './limits.js';

/** gRFC A44: the only values of `retry_on` that count. */
const RETRIED: ReadonlySet<string> = new Set([
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);
/** Every gRPC library makes these again by itself ("transparent retries", gRFC A6). */
const TRANSPARENT: ReadonlySet<string> = new Set(['connect-failure', 'refused-stream']);
/** gRFC A6: more attempts than this are not made. */
const MAX_ATTEMPTS = 5;

/** The policy as far as gRPC libraries follow it; undefined when nothing of it is left. Source: gRFC A44. */
export function narrowRetry(
  policy: RetryPolicy,
  { capabilities, kind }: ClientProfile,
  limits: Limits,
): RetryPolicy | undefined {
  const attempts = policy.numRetries?.value ?? 1;
  // grpc-js refuses 0; without a policy there are none.
  if (attempts === 0) return undefined;
  if (!capabilities.has('retry')) {
    limits.add('retries', 'ignored', 'calls are not made again');
    return undefined;
  }
  // No spaces: grpc-js splits at the comma alone.
  const words = (policy.retryOn ?? '').split(',').map((word) => word.trim());
  const retried = words.filter((word) => RETRIED.has(word));
  const others = words.filter((word) => word !== '' && !RETRIED.has(word) && !TRANSPARENT.has(word));
  if (others.length > 0) {
    limits.add(
      `retries: retryOn ${others.join(',')}`,
      'ignored',
      'only gRPC statuses lead to another attempt',
    );
  }
  if ((policy.retriableStatusCodes ?? []).length > 0) {
    limits.add('retries: HTTP statuses', 'ignored', 'only gRPC statuses lead to another attempt');
  }
  if (retried.length === 0) return undefined;
  if (policy.perTryTimeout !== undefined) {
    limits.add('retries: perTryTimeout', 'ignored', 'an attempt may take as long as the whole call');
  }
  if (attempts + 1 > MAX_ATTEMPTS) {
    limits.add(
      `retries: ${attempts} attempts`,
      'approximated',
      `${MAX_ATTEMPTS} attempts in all are the most`,
    );
  }
  if ((policy.retryHostPredicate ?? []).length > 0) {
    limits.add('retries: another endpoint', 'ignored', 'an attempt may go to the endpoint before');
  }
  if (policy.retryPriority !== undefined) {
    limits.add('retries: retryRemoteLocalities', 'ignored', 'an attempt may go to the locality before');
  }
  const backOff = policy.retryBackOff;
  return {
    retryOn: retried.join(','),
    numRetries: { value: Math.min(attempts, kind === 'grpc-node' ? MAX_ATTEMPTS - 1 : attempts) },
    ...(backOff?.baseInterval !== undefined && { retryBackOff: backOff }),
  };
}
