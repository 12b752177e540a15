import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RetryPolicy } from '../../../xds/generated/envoy.config.route.v3.js';
import { encodePreviousPrioritiesConfig } from '../../../xds/generated/envoy.extensions.retry.priority.previous_priorities.v3.js';
import { TYPE_PREVIOUS_HOSTS, TYPE_PREVIOUS_PRIORITIES } from '../../../xds/type-urls.js';
import { Findings } from '../findings.js';
import { readRetryPolicy } from './read-retry-policy.js';

function read(policy: RetryPolicy) {
  const findings = new Findings();
  const content = readRetryPolicy('retry_policy', policy, findings);
  return { content, errors: findings.errors, warnings: findings.warnings };
}

test('a policy that says little has the defaults of Envoy', () => {
  assert.deepEqual(read({ retryOn: 'unavailable' }), {
    content: {
      on: { conditions: new Set(), grpcCodes: new Set([14]), httpStatuses: new Set() },
      maxRetries: 1,
      perTryTimeoutMs: 0,
      backoff: { baseMs: 25, capMs: 250 },
      avoidPreviousHosts: false,
    },
    errors: [],
    warnings: [],
  });
});

test('what Istio writes is read whole', () => {
  const value = encodePreviousPrioritiesConfig({ updateFrequency: 2 });
  const { content, errors, warnings } = read({
    retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
    retriableStatusCodes: [503],
    numRetries: { value: 2 },
    perTryTimeout: { nanos: 5e8 },
    retryBackOff: { baseInterval: { nanos: 1e8 } },
    retryHostPredicate: [
      {
        name: 'envoy.retry_host_predicates.previous_hosts',
        typedConfig: { typeUrl: TYPE_PREVIOUS_HOSTS, value: new Uint8Array() },
      },
    ],
    hostSelectionRetryMaxAttempts: 5,
    retryPriority: {
      name: 'envoy.retry_priorities.previous_priorities',
      typedConfig: { typeUrl: TYPE_PREVIOUS_PRIORITIES, value },
    },
  });
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings, []);
  assert.deepEqual(content, {
    on: {
      conditions: new Set(['connect-failure', 'refused-stream']),
      grpcCodes: new Set([14, 1]),
      httpStatuses: new Set([503]),
    },
    maxRetries: 2,
    perTryTimeoutMs: 500,
    backoff: { baseMs: 100, capMs: 1000 },
    avoidPreviousHosts: true,
    previousPrioritiesUpdateFrequency: 2,
  });
});

test('no retries are no retries', () => {
  assert.equal(read({ retryOn: '5xx', numRetries: {} }).content?.maxRetries, 0);
});

test('headers that make a response worth a retry are read', () => {
  const { content } = read({
    retryOn: 'retriable-headers',
    retriableHeaders: [{ name: 'X-Retry', presentMatch: true }],
  });
  assert.deepEqual(content?.retriableHeaders, [{ kind: 'present', name: 'x-retry', invert: false }]);
});

test('unknown words, predicates and fields are warned of', () => {
  const { errors, warnings } = read({
    retryOn: 'unavailable,sunshine',
    retryHostPredicate: [{ name: 'omit_canary' }],
    perTryIdleTimeout: { seconds: 1 },
    rateLimitedRetryBackOff: { resetHeaders: [{ name: 'retry-after' }] },
  });
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings, [
    'retry_policy.rate_limited_retry_back_off: has no effect in this proxy',
    'retry_policy.retry_on: "sunshine" is not known to this proxy',
    'retry_policy.retry_host_predicate[0]: "omit_canary" has no effect in this proxy',
  ]);
});

test('a backoff must have a base, and a longest pause that is not shorter', () => {
  assert.deepEqual(read({ retryBackOff: {} }).errors, [
    'retry_policy.retry_back_off.base_interval: must be longer than 0 s, not 0 s',
  ]);
  assert.deepEqual(
    read({ retryBackOff: { baseInterval: { seconds: 2 }, maxInterval: { seconds: 1 } } }).errors,
    ['retry_policy.retry_back_off.max_interval: must not be shorter than base_interval'],
  );
});

test('a policy that spares some requests is refused, since here it would not', () => {
  assert.deepEqual(read({ retriableRequestHeaders: [{ name: 'x-safe' }] }).errors, [
    'retry_policy.retriable_request_headers: is not supported by this proxy',
  ]);
});
