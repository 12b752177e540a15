import type { DirectResponseAction, RedirectAction } from '@weir/core';
import type {
  DirectResponseAction as XdsDirectResponse,
  RedirectAction as XdsRedirect,
} from '../../../xds/generated/envoy.config.route.v3.js';
import type { Findings } from '../findings.js';
import { setFields } from '../set-fields.js';
import { readPathRewrite } from './read-rewrites.js';

const STATUSES = {
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
} as const;

/** Reads where callers are sent. */
export function readRedirect(path: string, redirect: XdsRedirect, findings: Findings): RedirectAction {
  const { pathRedirect, portRedirect = 0, responseCode = 'MOVED_PERMANENTLY' } = redirect;
  const scheme = redirect.httpsRedirect === true ? 'https' : redirect.schemeRedirect;
  const rewrite = readPathRewrite(path, redirect, findings);
  if (portRedirect > 65_535) findings.error(`${path}.port_redirect`, `must be a port, not ${portRedirect}`);
  return {
    kind: 'redirect',
    status: STATUSES[responseCode],
    ...setFields({
      scheme: scheme === '' ? undefined : scheme,
      host: redirect.hostRedirect === '' ? undefined : redirect.hostRedirect,
      port: portRedirect === 0 ? undefined : portRedirect,
      path:
        pathRedirect === undefined || pathRedirect === ''
          ? rewrite
          : { kind: 'replace' as const, value: pathRedirect },
      stripQuery: redirect.stripQuery === true ? true : undefined,
    }),
  };
}

const BODY_FIELDS = new Set(['inlineString', 'inlineBytes']);

/** Reads what callers are told in the endpoint's place. */
export function readDirectResponse(
  path: string,
  { status = 0, body }: XdsDirectResponse,
  maxBodyBytes: number,
  findings: Findings,
): DirectResponseAction {
  if (status < 200 || status > 599) {
    findings.error(`${path}.status`, `must be an HTTP status from 200 to 599, not ${status}`);
  }
  for (const [field, value] of Object.entries(body ?? {})) {
    if (value !== undefined && !BODY_FIELDS.has(field)) {
      findings.error(`${path}.body`, 'must be written here (inline_string or inline_bytes)');
    }
  }
  const text = body?.inlineString ?? Buffer.from(body?.inlineBytes ?? []).toString();
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBodyBytes) {
    findings.error(`${path}.body`, `must not be longer than ${maxBodyBytes} bytes, not ${bytes}`);
  }
  return { kind: 'direct-response', status, body: text };
}
