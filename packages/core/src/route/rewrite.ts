import type { PathMatcher } from './match.js';
import { lengthWithoutQuery, matchedLength } from './path-condition.js';
import type { RouteRequest } from './request.js';

/** A regular expression compiled elsewhere, with a substitution whose `\1` stands for its first group. */
export interface ReplacingPattern {
  /** As the user wrote it. */
  readonly source: string;
  /** The text with every match replaced (RE2 `GlobalReplace`). */
  replaceAll(text: string, substitution: string): string;
}

/**
 * `prefix` replaces what the route's match has found: the prefix, or the whole path without its query
 * (`RouteAction.prefix_rewrite`, `regex_rewrite`).
 */
export type PathRewrite =
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'regex'; readonly pattern: ReplacingPattern; readonly substitution: string };

/** The `:authority` that the endpoint sees (`RouteAction.host_rewrite_specifier`). */
export type HostRewrite =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'path-regex'; readonly pattern: ReplacingPattern; readonly substitution: string };

/**
 * The `:path` that the endpoint sees; query and fragment stay.
 *
 * @param matched what the route compared the path with, for a `prefix` to know how much it replaces
 */
export function rewritePath(rewrite: PathRewrite, matched: PathMatcher, path: string): string {
  if (rewrite.kind === 'prefix') return rewrite.value + path.slice(matchedLength(matched, path));
  const end = lengthWithoutQuery(path);
  // Envoy, RouteAction.regex_rewrite: "the path portion of the request (without query) will be rewritten".
  return rewrite.pattern.replaceAll(path.slice(0, end), rewrite.substitution) + path.slice(end);
}

/** The `:authority` that the endpoint sees; a header that is not there changes nothing. */
export function rewriteHost(rewrite: HostRewrite, request: RouteRequest): string {
  switch (rewrite.kind) {
    case 'literal':
      return rewrite.value;
    case 'header':
      return request.header(rewrite.name.toLowerCase()) ?? request.authority;
    case 'path-regex': {
      const path = request.path.slice(0, lengthWithoutQuery(request.path));
      return rewrite.pattern.replaceAll(path, rewrite.substitution);
    }
  }
}
