/** Where a request goes, and by which rule. */
export type Decision =
  | {
      readonly kind: 'forward';
      readonly cluster: string;
      /** The route's timeout in milliseconds; 0 means none. */
      readonly timeoutMs: number;
      /** The route that matched; empty when it has no name. */
      readonly routeName: string;
      readonly virtualHost: string;
    }
  | {
      readonly kind: 'no-route';
      /** Nobody answers for the authority, or somebody does and none of the routes matches. */
      readonly reason: 'no-virtual-host' | 'no-matching-route';
      /** The virtual host whose routes did not match; empty when there is none. */
      readonly virtualHost: string;
    };
