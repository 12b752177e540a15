import type { RouteAction, RouteDescription } from '@weir/core';
import type { Route } from '../../../xds/generated/envoy.config.route.v3.js';
import type { Findings } from '../findings.js';
import { setFields } from '../set-fields.js';
import { type ForwardDefaults, readForward } from './read-forward.js';
import { OVERRIDE_FIELDS, readOverrides } from './read-overrides.js';
import { readDirectResponse, readRedirect } from './read-redirect.js';
import { readRouteMatch } from './read-route-match.js';
import { readRouteMetadata, type RouteMetadata, settingSources } from './read-route-metadata.js';

const REFUSED = new Set(['filterAction']);
const FIELDS = new Set([
  'name',
  'match',
  'route',
  'redirect',
  'directResponse',
  'metadata',
  'decorator',
  'statPrefix',
  ...OVERRIDE_FIELDS,
  ...REFUSED,
]);

export interface RouteContext {
  readonly defaults: ForwardDefaults;
  /** Longest text of a direct response (`RouteConfiguration.max_direct_response_body_size_bytes`). */
  readonly maxBodyBytes: number;
}

/** Reads one route: which requests it is for, and what is done with them. */
export function readRoute(
  path: string,
  route: Route,
  context: RouteContext,
  findings: Findings,
): RouteDescription | undefined {
  findings.unused(path, route, FIELDS);
  findings.refuse(path, route, REFUSED);
  const match = readRouteMatch(`${path}.match`, route.match ?? {}, findings);
  const metadata = readRouteMetadata(path, route.metadata, findings);
  const action = readAction(path, route, metadata, context, findings);
  const overrides = readOverrides(path, route, findings);
  if (match === undefined || action === undefined) return undefined;
  const sources = setFields({
    source: metadata.source,
    settingSources: settingSources(metadata, {
      idleTimeout: action.kind === 'forward' && action.idleTimeoutMs !== undefined,
      maxStreamDuration: action.kind === 'forward' && action.maxStreamDurationMs !== undefined,
      rateLimit: overrides.rateLimit !== undefined,
    }),
  });
  return { name: route.name ?? '', match, action, ...overrides, ...sources };
}

function readAction(
  path: string,
  { route, redirect, directResponse }: Route,
  metadata: RouteMetadata,
  { defaults, maxBodyBytes }: RouteContext,
  findings: Findings,
): RouteAction | undefined {
  if (route !== undefined) return readForward(`${path}.route`, route, metadata, defaults, findings);
  if (redirect !== undefined) return readRedirect(`${path}.redirect`, redirect, findings);
  if (directResponse !== undefined) {
    return readDirectResponse(`${path}.direct_response`, directResponse, maxBodyBytes, findings);
  }
  findings.error(path, 'must have one of route, redirect and direct_response');
  return undefined;
}
