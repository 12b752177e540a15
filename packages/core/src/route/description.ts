/**
 * A route configuration in plain words, as an xDS client or a test writes it: Envoy's `RouteConfiguration`
 * cut down to what is decided here. `compileRouteTable` turns it into something fast to ask.
 */
export interface RouteTableDescription {
  readonly version: string;
  readonly virtualHosts: readonly VirtualHostDescription[];
}

export interface VirtualHostDescription {
  readonly name: string;
  /**
   * Whom the host answers for: `a.example`, `a.example:50051`, `*.example`, `*-a.example`, `a.*` or `*`.
   * Compared with the authority as it is, port included, in any case (`VirtualHost.domains`).
   */
  readonly domains: readonly string[];
  /** The first one that matches counts. */
  readonly routes: readonly RouteDescription[];
}

export interface RouteDescription {
  /** For people; empty when it has none. */
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: ForwardAction;
}

/** Everything in it must hold (`RouteMatch`). */
export interface RouteMatch {
  readonly path: PathMatcher;
  readonly headers: readonly HeaderMatcher[];
}

/** Compares the path, case and all; `exact` looks at it without its query. */
export type PathMatcher =
  { readonly kind: 'exact'; readonly value: string } | { readonly kind: 'prefix'; readonly value: string };

/**
 * Compares a header's value, several being joined by commas; `present` asks only whether there is one.
 * `invert` turns the answer round, except that a comparison with a header that is not there is never true
 * (`HeaderMatcher`).
 */
export type HeaderMatcher =
  | { readonly kind: 'exact'; readonly name: string; readonly value: string; readonly invert: boolean }
  | { readonly kind: 'prefix'; readonly name: string; readonly value: string; readonly invert: boolean }
  | { readonly kind: 'present'; readonly name: string; readonly invert: boolean };

export interface ForwardAction {
  readonly kind: 'forward';
  /**
   * At least one. With several, requests are divided in proportion to the weights, whose sum is at least 1.
   */
  readonly clusters: readonly WeightedCluster[];
  /**
   * From the end of the request to the end of the response, in milliseconds; 0 means none
   * (`RouteAction.timeout`).
   */
  readonly timeoutMs: number;
}

export interface WeightedCluster {
  readonly cluster: string;
  /** An integer of at least 0. */
  readonly weight: number;
}
