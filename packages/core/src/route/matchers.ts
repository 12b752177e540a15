import type { HeaderMatcher, PathMatcher, RouteMatch } from './description.js';
import type { RouteRequest } from './request.js';

/** Whether a request is one that a route is for. */
export function matchesRoute(match: RouteMatch, request: RouteRequest): boolean {
  return (
    matchesPath(match.path, request.path) && match.headers.every((matcher) => matchesHeader(matcher, request))
  );
}

/** Whether nothing but the path, beside the authority, is looked at. */
export function looksAtPathOnly(match: RouteMatch): boolean {
  return match.headers.length === 0;
}

function matchesPath(matcher: PathMatcher, path: string): boolean {
  if (!path.startsWith(matcher.value)) return false;
  switch (matcher.kind) {
    case 'prefix':
      return true;
    case 'exact': {
      // Envoy, RouteMatch.path: "the path must exactly match the :path header once the query string is
      // removed".
      const next = path[matcher.value.length];
      return next === undefined || next === '?' || next === '#';
    }
  }
}

function matchesHeader(matcher: HeaderMatcher, request: RouteRequest): boolean {
  const value = request.header(matcher.name);
  if (matcher.kind === 'present') return (value !== undefined) !== matcher.invert;
  // Inverted or not: what is not there cannot be compared (Envoy and gRPC agree).
  if (value === undefined) return false;
  return matchesValue(matcher.kind, matcher.value, value) !== matcher.invert;
}

function matchesValue(kind: 'exact' | 'prefix', wanted: string, value: string): boolean {
  switch (kind) {
    case 'exact':
      return value === wanted;
    case 'prefix':
      return value.startsWith(wanted);
  }
}
