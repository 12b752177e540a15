/** What of a request is hashed to bind it to an endpoint (`RouteAction.HashPolicy`). */
export type HashPolicy = HashKey & {
  /** Once this has given a hash, later policies are not asked. Default: false. */
  readonly terminal?: boolean;
};

export type HashKey =
  | { readonly kind: 'header'; readonly name: string }
  | {
      readonly kind: 'cookie';
      readonly name: string;
      /**
       * A caller without the cookie is given one that lives so long, 0 meaning as long as the caller's
       * session; undefined: no cookie is made.
       */
      readonly ttlMs?: number;
      /** Of a cookie that is made; default: none. */
      readonly path?: string;
      /** Further attributes of a cookie that is made, such as `SameSite` and `Strict`. */
      readonly attributes?: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: 'source-ip' }
  | { readonly kind: 'query'; readonly name: string };
