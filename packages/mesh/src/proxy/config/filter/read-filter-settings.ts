import type { FaultPolicy, LocalRateLimitPolicy } from '@weir/core';
import { decodeFilterConfig } from '../../../xds/generated/envoy.config.route.v3.js';
import { decodeHTTPFault } from '../../../xds/generated/envoy.extensions.filters.http.fault.v3.js';
import { decodeLocalRateLimit } from '../../../xds/generated/envoy.extensions.filters.http.local_ratelimit.v3.js';
import type { Any } from '../../../xds/generated/google.protobuf.js';
import { TYPE_FAULT, TYPE_FILTER_CONFIG, TYPE_LOCAL_RATE_LIMIT } from '../../../xds/type-urls.js';
import { decodeTyped } from '../decode-typed.js';
import type { Findings } from '../findings.js';
import { readFault } from './read-fault.js';
import { readLocalRateLimit } from './read-local-rate-limit.js';

/** What a level below the listener says of its filters; what it does not say is said above it. */
export interface FilterSettings {
  readonly fault?: FaultPolicy;
  readonly rateLimit?: LocalRateLimitPolicy;
}

/** A limit that limits nothing: where one is switched off, so is the one above it. */
const NO_LIMIT: LocalRateLimitPolicy = {
  maxTokens: 1,
  tokensPerFill: 1,
  fillIntervalMs: 1000,
  enabled: { numerator: 0, denominator: 100 },
};

/** Reads `typed_per_filter_config`. */
export function readFilterSettings(
  path: string,
  settings: Readonly<Record<string, Any>> | undefined,
  findings: Findings,
): FilterSettings {
  const read = Object.entries(settings ?? {}).map(([name, typed]) => {
    const where = `${path === '' ? '' : `${path}.`}typed_per_filter_config["${name}"]`;
    return readOne(where, typed, findings);
  });
  return Object.assign({}, ...read) as FilterSettings;
}

function readOne(path: string, typed: Any, findings: Findings): FilterSettings {
  switch (typed.typeUrl) {
    case TYPE_FILTER_CONFIG:
      return readWrapped(path, typed, findings);
    case TYPE_FAULT: {
      const fault = decodeTyped(path, typed, decodeHTTPFault, findings);
      return fault === undefined ? {} : { fault: readFault(path, fault, findings) };
    }
    case TYPE_LOCAL_RATE_LIMIT: {
      const limit = decodeTyped(path, typed, decodeLocalRateLimit, findings);
      const rateLimit = limit && readLocalRateLimit(path, limit, findings);
      if (limit !== undefined && limit.tokenBucket === undefined) {
        findings.error(`${path}.token_bucket`, 'must be set: only the filter itself may be without a limit');
      }
      return rateLimit === undefined ? {} : { rateLimit };
    }
    default:
      findings.warn(path, `settings of type "${typed.typeUrl ?? ''}" have no effect in this proxy`);
      return {};
  }
}

function readWrapped(path: string, typed: Any, findings: Findings): FilterSettings {
  const wrapped = decodeTyped(path, typed, decodeFilterConfig, findings);
  if (wrapped === undefined) return {};
  const { config, disabled } = wrapped;
  if (disabled !== true) return config === undefined ? {} : readOne(`${path}.config`, config, findings);
  if (path.endsWith('["envoy.filters.http.fault"]')) return { fault: {} };
  if (path.endsWith('["envoy.filters.http.local_ratelimit"]')) return { rateLimit: NO_LIMIT };
  return {};
}
