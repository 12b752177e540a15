import type {
  HttpConnectionManager,
  HttpFilter,
} from '../../../xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import { decodeHTTPFault } from '../../../xds/generated/envoy.extensions.filters.http.fault.v3.js';
import { decodeLocalRateLimit } from '../../../xds/generated/envoy.extensions.filters.http.local_ratelimit.v3.js';
import { TYPE_FAULT, TYPE_LOCAL_RATE_LIMIT, TYPE_ROUTER } from '../../../xds/type-urls.js';
import { decodeTyped } from '../decode-typed.js';
import type { Findings } from '../findings.js';
import type { HttpFilters } from './http-filters.js';
import { readFault } from './read-fault.js';
import { readLocalRateLimit } from './read-local-rate-limit.js';

/**
 * Reads a listener's chain of HTTP filters. A filter that is left out may be the one that keeps strangers
 * away, so an unknown one is an error.
 */
export function readHttpFilters(
  path: string,
  { httpFilters = [] }: HttpConnectionManager,
  findings: Findings,
): HttpFilters {
  const last = httpFilters.length - 1;
  let filters: HttpFilters = { fault: undefined, rateLimit: undefined };
  httpFilters.forEach((filter, index) => {
    const where = `${path}.http_filters[${index}]`;
    if (filter.typedConfig?.typeUrl === TYPE_ROUTER) {
      if (index !== last) findings.error(where, 'the router must be the last HTTP filter');
    } else {
      filters = { ...filters, ...readHttpFilter(where, filter, findings) };
    }
  });
  warnOfOrder(path, httpFilters, findings);
  if (httpFilters[last]?.typedConfig?.typeUrl !== TYPE_ROUTER) {
    findings.error(`${path}.http_filters`, 'must end with the router (envoy.filters.http.router)');
  }
  return filters;
}

function warnOfOrder(path: string, httpFilters: readonly HttpFilter[], findings: Findings): void {
  const types = httpFilters.map(({ typedConfig }) => typedConfig?.typeUrl);
  const limitAt = types.indexOf(TYPE_LOCAL_RATE_LIMIT);
  if (limitAt === -1 || types.indexOf(TYPE_FAULT) < limitAt) return;
  findings.warn(
    `${path}.http_filters[${limitAt}]`,
    'comes after the fault filter in this proxy, not before it',
  );
}

function readHttpFilter(path: string, filter: HttpFilter, findings: Findings): Partial<HttpFilters> {
  const { name = '', typedConfig = {}, isOptional, disabled } = filter;
  const where = `${path}.typed_config`;
  switch (typedConfig.typeUrl) {
    case TYPE_FAULT: {
      const fault = decodeTyped(where, typedConfig, decodeHTTPFault, findings);
      const policy = fault && readFault(where, fault, findings);
      const isEmpty = policy?.delay === undefined && policy?.abort === undefined;
      return { fault: { policy: isEmpty || disabled === true ? undefined : policy } };
    }
    case TYPE_LOCAL_RATE_LIMIT: {
      const limit = decodeTyped(where, typedConfig, decodeLocalRateLimit, findings);
      const policy = limit && readLocalRateLimit(where, limit, findings);
      if (policy !== undefined) {
        findings.warn(
          `${where}.token_bucket`,
          'is a bucket for each virtual host in this proxy, not one for all',
        );
      }
      return { rateLimit: { policy: disabled === true ? undefined : policy } };
    }
    default:
      if (isOptional === true || disabled === true) {
        findings.warn(path, `filter "${name}" is not known to this proxy and is left out`);
      } else {
        findings.error(path, `filter "${name}" is not supported by this proxy`);
      }
      return {};
  }
}
