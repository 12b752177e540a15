import type { RedirectAction } from './actions.js';
import type { PathMatcher } from './match.js';
import type { RouteRequest } from './request.js';
import { rewritePath } from './rewrite.js';

/**
 * Where a redirect sends the caller: the value of `location` (Envoy `RouteEntryImplBase::newUri`).
 *
 * @param matched what the route compared the path with
 */
export function redirectLocation(
  redirect: RedirectAction,
  matched: PathMatcher,
  request: RouteRequest,
): string {
  const requested = request.scheme ?? 'http';
  const scheme = redirect.scheme ?? requested;
  const port = redirect.port === undefined || redirect.port === 0 ? '' : `:${redirect.port}`;
  const host = redirect.host ?? hostOf(request.authority, requested, scheme, port !== '');
  return `${scheme}://${host}${port}${pathOf(redirect, matched, request.path)}`;
}

/** A port that was the default of the old scheme is not the new one's; one that is replaced goes too. */
function hostOf(authority: string, requested: string, scheme: string, replacesPort: boolean): string {
  const port = /:\d+$/.exec(authority);
  if (port === null) return authority;
  const isDefault =
    (requested === 'http' && port[0] === ':80') || (requested === 'https' && port[0] === ':443');
  const drops = replacesPort || (scheme !== requested && isDefault);
  return drops ? authority.slice(0, port.index) : authority;
}

function pathOf(
  { path, stripQuery = false }: RedirectAction,
  matched: PathMatcher,
  requested: string,
): string {
  const queryAt = requested.indexOf('?');
  const query = queryAt === -1 || stripQuery ? '' : requested.slice(queryAt);
  // Envoy, RedirectAction.path_redirect: "a query string in path_redirect ... override[s] the request's".
  if (path?.kind === 'replace') return path.value.includes('?') ? path.value : path.value + query;
  const kept = stripQuery && queryAt !== -1 ? requested.slice(0, queryAt) : requested;
  return path === undefined ? kept : rewritePath(path, matched, kept);
}
