import type { Fraction, LocalRateLimitPolicy } from '@weir/core';
import type { LocalRateLimit } from '../../../xds/generated/envoy.extensions.filters.http.local_ratelimit.v3.js';
import { durationMs } from '../duration.js';
import type { Findings } from '../findings.js';
import { readRuntimeFraction } from '../fraction.js';

const FIELDS = new Set([
  'statPrefix',
  'tokenBucket',
  'filterEnabled',
  'filterEnforced',
  // A gRPC caller over the limit is answered RESOURCE_EXHAUSTED, asked or not.
  'rateLimitedAsResourceExhausted',
]);
const NONE: Fraction = { numerator: 0, denominator: 100 };

/** LocalRateLimit.token_bucket: "the fill_interval must be >= 50ms to avoid too aggressive refills". */
const MIN_FILL_INTERVAL_MS = 50;

/** Reads a rate limit; `undefined` when there is no bucket, which means no limit. */
export function readLocalRateLimit(
  path: string,
  limit: LocalRateLimit,
  findings: Findings,
): LocalRateLimitPolicy | undefined {
  findings.unused(path, limit, FIELDS);
  if (limit.localClusterRateLimit !== undefined) {
    findings.warn(`${path}.local_cluster_rate_limit`, 'has no effect: each proxy has the whole limit');
  }
  const { tokenBucket } = limit;
  if (tokenBucket === undefined) return undefined;
  const { maxTokens = 0, tokensPerFill, fillInterval = {} } = tokenBucket;
  const perFill = tokensPerFill === undefined ? 1 : (tokensPerFill.value ?? 0);
  const fillIntervalMs = durationMs(fillInterval);
  const where = `${path}.token_bucket`;
  if (maxTokens < 1) findings.error(`${where}.max_tokens`, `must be at least 1, not ${maxTokens}`);
  if (perFill < 1) findings.error(`${where}.tokens_per_fill`, `must be at least 1, not ${perFill}`);
  if (!(fillIntervalMs >= MIN_FILL_INTERVAL_MS)) {
    findings.error(`${where}.fill_interval`, `must be at least 50 ms, not ${fillIntervalMs} ms`);
  }
  return {
    maxTokens,
    tokensPerFill: perFill,
    fillIntervalMs,
    // "Defaults to 0% of requests for safety", both of them.
    enabled: readShare(`${path}.filter_enabled`, limit.filterEnabled, findings),
    enforced: readShare(`${path}.filter_enforced`, limit.filterEnforced, findings),
  };
}

function readShare(path: string, share: LocalRateLimit['filterEnabled'], findings: Findings): Fraction {
  const fraction = readRuntimeFraction(path, share, findings);
  if (fraction === undefined) findings.warn(path, 'is not set, which means for none of the requests');
  return fraction ?? NONE;
}
