/** What a route can be chosen by. */
export interface RouteRequest {
  /** `:authority`, port included when it has one. */
  readonly authority: string;
  /** `:path`, query included. */
  readonly path: string;
  readonly method: string;
  /** `:scheme`; when it is undefined, nothing is known of it and a rule that looks at it does not match. */
  readonly scheme?: string | undefined;
  /**
   * A header's value, its name in lower case; values of one name joined by `,` (RFC 9110, section 5.3);
   * `undefined` when there is none. Asked for regular headers only.
   */
  header(name: string): string | undefined;
}
