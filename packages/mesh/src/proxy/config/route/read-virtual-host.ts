import type { HeaderOperation, Mirror, Overrides, VirtualHostDescription } from '@weir/core';
import type { VirtualHost } from '../../../xds/generated/envoy.config.route.v3.js';
import type { Findings } from '../findings.js';
import { setFields } from '../set-fields.js';
import { hedgingPolicy } from './read-forward.js';
import { readMirrors } from './read-mirrors.js';
import { OVERRIDE_FIELDS, readOverrides } from './read-overrides.js';
import { readRetryPolicy } from './read-retry-policy.js';
import { readRoute } from './read-route.js';
import { readRouteMetadata } from './read-route-metadata.js';

const REFUSED = new Set(['requireTls', 'matcher']);
const FIELDS = new Set([
  'name',
  'domains',
  'routes',
  'metadata',
  'virtualClusters',
  'retryPolicy',
  'requestMirrorPolicies',
  ...OVERRIDE_FIELDS,
  ...REFUSED,
]);

/** What a route configuration says of all its virtual hosts. */
export interface ConfigLevel {
  readonly overrides: Overrides;
  readonly mostSpecificHeadersWin: boolean;
  readonly mirrors: readonly Mirror[] | undefined;
  readonly maxBodyBytes: number;
}

/** Reads a virtual host; what its configuration says of all of them is part of what is said of this one. */
export function readVirtualHost(
  path: string,
  host: VirtualHost,
  level: ConfigLevel,
  findings: Findings,
): VirtualHostDescription {
  findings.unused(path, host, FIELDS);
  findings.refuse(path, host, REFUSED);
  const { name = '', domains = [], routes = [] } = host;
  if (domains.length === 0) findings.error(`${path}.domains`, 'must not be empty');
  const metadata = readRouteMetadata(path, host.metadata, findings);
  const policy = readRetryPolicy(`${path}.retry_policy`, host.retryPolicy, findings);
  const { idempotent } = metadata;
  const retry = policy && { ...policy, ...setFields({ idempotent }) };
  // "the most specific non-empty one becomes the mirror policies" (VirtualHost.request_mirror_policies).
  const mirrors = readMirrors(path, host.requestMirrorPolicies, findings) ?? level.mirrors;
  const context = { defaults: { mirrors, retry, idempotent }, maxBodyBytes: level.maxBodyBytes };
  const read = routes.map((route, index) => readRoute(`${path}.routes[${index}]`, route, context, findings));
  return {
    name,
    domains,
    routes: read.filter((route) => route !== undefined),
    ...withConfigLevel(readOverrides(path, host, findings), level),
    ...setFields({ retry, hedging: hedgingPolicy(metadata, retry), source: metadata.source }),
  };
}

function withConfigLevel(own: Overrides, { overrides, mostSpecificHeadersWin }: ConfigLevel): Overrides {
  const merge = (
    host: readonly HeaderOperation[] | undefined,
    config: readonly HeaderOperation[] | undefined,
  ): readonly HeaderOperation[] | undefined => {
    if (host === undefined || config === undefined) return host ?? config;
    return mostSpecificHeadersWin ? [...config, ...host] : [...host, ...config];
  };
  return setFields({
    requestHeaders: merge(own.requestHeaders, overrides.requestHeaders),
    responseHeaders: merge(own.responseHeaders, overrides.responseHeaders),
    fault: own.fault ?? overrides.fault,
    rateLimit: own.rateLimit ?? overrides.rateLimit,
  });
}
