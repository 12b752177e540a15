import type { HedgingPolicy } from '../resilience/hedging.js';
import type { RetryPolicy } from '../resilience/retry-policy.js';
import type { RouteAction } from './actions.js';
import type { RouteMatch } from './match.js';
import type { Overrides } from './overrides.js';
import type { Source } from './source.js';

/**
 * A route configuration in plain words, as an xDS client or a test writes it: Envoy's `RouteConfiguration`
 * cut down to what is decided here. `compileRouteTable` turns it into something fast to ask.
 */
export interface RouteTableDescription {
  readonly version: string;
  readonly virtualHosts: readonly VirtualHostDescription[];
  /** Header changes of the more specific level come last and so win. Default: false, as in Envoy. */
  readonly mostSpecificHeadersWin?: boolean;
}

export interface VirtualHostDescription extends Overrides {
  readonly name: string;
  /**
   * Whom the host answers for: `a.example`, `a.example:50051`, `*.example`, `*-a.example`, `a.*` or `*`.
   * Compared with the authority as it is, port included, in any case (`VirtualHost.domains`).
   */
  readonly domains: readonly string[];
  /** The first one that matches counts. */
  readonly routes: readonly RouteDescription[];
  /** For its routes that have none of their own (`VirtualHost.retry_policy`). */
  readonly retry?: RetryPolicy;
  /** For its routes that have none of their own. */
  readonly hedging?: HedgingPolicy;
  readonly source?: Source;
}

export interface RouteDescription extends Overrides {
  /** For people; empty when it has none. */
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  readonly source?: Source;
  /** Where single settings of the route come from, when that is not where the route comes from. */
  readonly settingSources?: Readonly<Partial<Record<SettingName, Source>>>;
}

/** What an explanation says about a call beside its destinations. */
export type SettingName =
  | 'timeout'
  | 'max-grpc-timeout'
  | 'max-stream-duration'
  | 'idle-timeout'
  | 'retry'
  | 'hedging'
  | 'mirror'
  | 'path-rewrite'
  | 'host-rewrite'
  | 'hash'
  | 'fault'
  | 'rate-limit'
  | 'request-headers'
  | 'response-headers';
