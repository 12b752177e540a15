import {
  type BackoffSettings,
  defaultBackoff,
  type HeaderMatcher,
  parseRetryOn,
  type RetryPolicy,
} from '@weir/core';
import type {
  HeaderMatcher as XdsHeaderMatcher,
  RetryPolicy as XdsRetryPolicy,
} from '../../../xds/generated/envoy.config.route.v3.js';
import { decodePreviousPrioritiesConfig } from '../../../xds/generated/envoy.extensions.retry.priority.previous_priorities.v3.js';
import { TYPE_PREVIOUS_HOSTS, TYPE_PREVIOUS_PRIORITIES } from '../../../xds/type-urls.js';
import { decodeTyped } from '../decode-typed.js';
import { durationMs, readDuration, readPositiveDuration } from '../duration.js';
import type { Findings } from '../findings.js';
import { setFields } from '../set-fields.js';
import { readHeaderMatcher } from './read-header-matcher.js';

/** It says which requests are not retried: without it more would be. */
const REFUSED = new Set(['retriableRequestHeaders']);
const FIELDS = new Set([
  'retryOn',
  'numRetries',
  'perTryTimeout',
  'perTryIdleTimeout',
  'retryPriority',
  'retryHostPredicate',
  // How often Envoy picks again until it finds a host not tried before; here one pick leaves them out.
  'hostSelectionRetryMaxAttempts',
  'retriableStatusCodes',
  'retryBackOff',
  'retriableHeaders',
  ...REFUSED,
]);

/** Reads when and how often a failed attempt is made again. */
export function readRetryPolicy(
  path: string,
  policy: XdsRetryPolicy | undefined,
  findings: Findings,
): RetryPolicy | undefined {
  if (policy === undefined) return undefined;
  findings.unused(path, policy, FIELDS);
  findings.refuse(path, policy, REFUSED);
  const { on, unknown } = parseRetryOn(policy.retryOn ?? '', policy.retriableStatusCodes ?? []);
  for (const word of unknown) findings.warn(`${path}.retry_on`, `"${word}" is not known to this proxy`);
  return {
    on,
    // "number of retries ... defaults to 1" (RetryPolicy.num_retries).
    maxRetries: policy.numRetries === undefined ? 1 : (policy.numRetries.value ?? 0),
    perTryTimeoutMs: readDuration(`${path}.per_try_timeout`, policy.perTryTimeout, findings) ?? 0,
    backoff: readBackoff(`${path}.retry_back_off`, policy, findings),
    avoidPreviousHosts: readHostPredicates(path, policy, findings),
    ...setFields({
      perTryIdleTimeoutMs: readDuration(`${path}.per_try_idle_timeout`, policy.perTryIdleTimeout, findings),
      retriableHeaders: readHeaders(`${path}.retriable_headers`, policy.retriableHeaders, findings),
      previousPrioritiesUpdateFrequency: readPriorities(path, policy, findings),
    }),
  };
}

function readBackoff(path: string, { retryBackOff }: XdsRetryPolicy, findings: Findings): BackoffSettings {
  if (retryBackOff === undefined) return defaultBackoff;
  const { baseInterval, maxInterval } = retryBackOff;
  const baseMs = readPositiveDuration(`${path}.base_interval`, baseInterval ?? {}, findings) ?? 0;
  // "defaults to 10 times the base_interval" (RetryBackOff.max_interval).
  const capMs = maxInterval === undefined ? 10 * baseMs : durationMs(maxInterval);
  if (capMs < baseMs) findings.error(`${path}.max_interval`, 'must not be shorter than base_interval');
  return { baseMs, capMs };
}

function readHostPredicates(
  path: string,
  { retryHostPredicate = [] }: XdsRetryPolicy,
  findings: Findings,
): boolean {
  let avoidPreviousHosts = false;
  retryHostPredicate.forEach(({ name = '', typedConfig }, index) => {
    if (typedConfig?.typeUrl === TYPE_PREVIOUS_HOSTS || name === 'envoy.retry_host_predicates.previous_hosts')
      avoidPreviousHosts = true;
    else findings.warn(`${path}.retry_host_predicate[${index}]`, `"${name}" has no effect in this proxy`);
  });
  return avoidPreviousHosts;
}

function readPriorities(
  path: string,
  { retryPriority }: XdsRetryPolicy,
  findings: Findings,
): number | undefined {
  if (retryPriority === undefined) return undefined;
  const { name = '', typedConfig } = retryPriority;
  const where = `${path}.retry_priority`;
  if (typedConfig?.typeUrl !== TYPE_PREVIOUS_PRIORITIES) {
    findings.warn(where, `"${name}" has no effect in this proxy`);
    return undefined;
  }
  const decoded = decodeTyped(`${where}.typed_config`, typedConfig, decodePreviousPrioritiesConfig, findings);
  const frequency = decoded?.updateFrequency ?? 0;
  if (frequency < 1) findings.error(`${where}.typed_config.update_frequency`, 'must be at least 1');
  return frequency;
}

function readHeaders(
  path: string,
  matchers: readonly XdsHeaderMatcher[] | undefined,
  findings: Findings,
): readonly HeaderMatcher[] | undefined {
  const read = matchers?.map((matcher, index) => readHeaderMatcher(`${path}[${index}]`, matcher, findings));
  return read?.filter((matcher) => matcher !== undefined);
}
