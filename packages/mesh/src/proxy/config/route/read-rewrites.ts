import type { HostRewrite, PathRewrite } from '@weir/core';
import type { RedirectAction, RouteAction } from '../../../xds/generated/envoy.config.route.v3.js';
import type { Findings } from '../findings.js';
import { readReplacement } from './pattern.js';

/** Reads how the path is changed; a route and a redirect say it in the same words. */
export function readPathRewrite(
  path: string,
  { prefixRewrite, regexRewrite }: Pick<RouteAction & RedirectAction, 'prefixRewrite' | 'regexRewrite'>,
  findings: Findings,
): PathRewrite | undefined {
  const byPrefix = prefixRewrite !== undefined && prefixRewrite !== '';
  if (regexRewrite !== undefined) {
    // "Only one of regex_rewrite, prefix_rewrite, or path_rewrite_policy may be specified" (RouteAction).
    if (byPrefix) findings.error(`${path}.regex_rewrite`, 'must not stand beside prefix_rewrite');
    const replacement = readReplacement(`${path}.regex_rewrite`, regexRewrite, findings);
    return replacement && { kind: 'regex', ...replacement };
  }
  return byPrefix ? { kind: 'prefix', value: prefixRewrite } : undefined;
}

/** Reads how the `:authority` is changed. */
export function readHostRewrite(
  path: string,
  action: RouteAction,
  findings: Findings,
): HostRewrite | undefined {
  const { hostRewriteLiteral, hostRewriteHeader, hostRewritePathRegex, autoHostRewrite } = action;
  if (autoHostRewrite?.value === true) {
    findings.error(`${path}.auto_host_rewrite`, 'is not supported: endpoints have no host names here');
  }
  if (hostRewriteLiteral !== undefined) return { kind: 'literal', value: hostRewriteLiteral };
  if (hostRewriteHeader !== undefined) return { kind: 'header', name: hostRewriteHeader.toLowerCase() };
  if (hostRewritePathRegex === undefined) return undefined;
  const replacement = readReplacement(`${path}.host_rewrite_path_regex`, hostRewritePathRegex, findings);
  return replacement && { kind: 'path-regex', ...replacement };
}
