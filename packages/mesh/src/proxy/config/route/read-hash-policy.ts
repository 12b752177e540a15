import type { HashPolicy } from '@weir/core';
import type {
  RouteAction_HashPolicy as XdsHashPolicy,
  RouteAction_HashPolicy_Cookie as Cookie,
} from '../../../xds/generated/envoy.config.route.v3.js';
import { readDuration } from '../duration.js';
import type { Findings } from '../findings.js';
import { setFields } from '../set-fields.js';

const HEADER_FIELDS = new Set(['headerName']);

/** Reads what of a request binds it to an endpoint; what cannot be hashed here is warned of and left out. */
export function readHashPolicies(
  path: string,
  policies: readonly XdsHashPolicy[] | undefined,
  findings: Findings,
): readonly HashPolicy[] | undefined {
  if (policies === undefined || policies.length === 0) return undefined;
  const read = policies.map((policy, index) => readHashPolicy(`${path}[${index}]`, policy, findings));
  return read.filter((policy) => policy !== undefined);
}

function readHashPolicy(path: string, policy: XdsHashPolicy, findings: Findings): HashPolicy | undefined {
  const { header, cookie, connectionProperties, queryParameter } = policy;
  const options = policy.terminal === true ? { terminal: true } : {};
  const named = (field: string, name: string | undefined): string => {
    if (name === undefined || name === '') findings.error(`${path}.${field}`, 'must not be empty');
    return name ?? '';
  };
  if (header !== undefined) {
    findings.unused(`${path}.header`, header, HEADER_FIELDS);
    const name = named('header.header_name', header.headerName).toLowerCase();
    return { kind: 'header', name, ...options };
  }
  if (cookie !== undefined) {
    const name = named('cookie.name', cookie.name);
    return { kind: 'cookie', name, ...cookieOptions(`${path}.cookie`, cookie, findings), ...options };
  }
  if (queryParameter !== undefined) {
    return { kind: 'query', name: named('query_parameter.name', queryParameter.name), ...options };
  }
  if (connectionProperties?.sourceIp === true) return { kind: 'source-ip', ...options };
  findings.warn(path, 'has no effect in this proxy: only headers, cookies, query and source IP are hashed');
  return undefined;
}

function cookieOptions(path: string, { ttl, path: cookiePath, attributes }: Cookie, findings: Findings) {
  return setFields({
    ttlMs: readDuration(`${path}.ttl`, ttl, findings),
    path: cookiePath === '' ? undefined : cookiePath,
    attributes: attributes?.map(({ name = '', value = '' }) => ({ name, value })),
  });
}
