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
