/** A regular expression compiled elsewhere, with an engine that runs in linear time. */
export interface Pattern {
  /** As the user wrote it. */
  readonly source: string;
  /** Whether it matches the whole text (RE2 full match). */
  test(text: string): boolean;
}

/** Everything in it must hold (`RouteMatch`). */
export interface RouteMatch {
  readonly path: PathMatcher;
  readonly headers: readonly HeaderMatcher[];
  /** Default: none. */
  readonly queryParameters?: readonly QueryMatcher[];
}

/** How a text is compared. `ignoreCase` is false by default and leaves a regular expression alone. */
export type TextMatcher =
  | {
      readonly kind: 'exact' | 'prefix' | 'suffix' | 'contains';
      readonly value: string;
      readonly ignoreCase?: boolean;
    }
  | { readonly kind: 'regex'; readonly pattern: Pattern };

/**
 * Compares the path. `exact` and `regex` look at it without its query and fragment. `path-separated-prefix`
 * is a prefix that ends where a segment does: `/a` is one of `/a`, `/a/b` and `/a?q`, not of `/ab`
 * (`RouteMatch.path_specifier`).
 */
export type PathMatcher =
  | {
      readonly kind: 'exact' | 'prefix' | 'path-separated-prefix';
      readonly value: string;
      /** Default: false (`RouteMatch.case_sensitive`, turned round). */
      readonly ignoreCase?: boolean;
    }
  | { readonly kind: 'regex'; readonly pattern: Pattern };

/**
 * Compares a header's value, several being joined by commas; `present` asks only whether there is one, and
 * `range` whether it is an integer with `start <= value < end`. Among the names are `:method`, `:scheme`,
 * `:authority` and `:path`.
 */
export type HeaderMatcher = HeaderCondition & {
  readonly name: string;
  /**
   * Turns the answer round, except that a comparison with a header that is not there is never true
   * (`HeaderMatcher.invert_match`).
   */
  readonly invert: boolean;
  /** A header that is not there is compared as if it were empty (`treat_missing_header_as_empty`). */
  readonly treatMissingAsEmpty?: boolean;
};

export type HeaderCondition =
  | TextMatcher
  | { readonly kind: 'present' }
  | { readonly kind: 'range'; readonly start: number; readonly end: number };

/** Compares the first value of a parameter in the query, as it is written (`QueryParameterMatcher`). */
export type QueryMatcher = (TextMatcher | { readonly kind: 'present' }) & { readonly name: string };
