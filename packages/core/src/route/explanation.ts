import type { SettingName } from './description.js';
import type { Source } from './source.js';

/** Why a request goes where it goes; what `decide` does, in words. */
export interface Explanation {
  readonly authority: string;
  readonly path: string;
  /** Who answers for the authority; undefined when nobody does. */
  readonly virtualHost: ExplainedVirtualHost | undefined;
  /** The routes before the one that matched, or all of them when none did; in their order. */
  readonly passedOver: readonly PassedOverRoute[];
  readonly matched: MatchedRoute | undefined;
}

export interface ExplainedVirtualHost {
  readonly name: string;
  /** The one of its domains that the authority was found by. */
  readonly domain: string;
  readonly source: Source | undefined;
}

export interface ExplainedRoute {
  /** Place among the routes of its virtual host, counted from 0. */
  readonly index: number;
  /** Empty when it has none. */
  readonly name: string;
  readonly source: Source | undefined;
}

export interface PassedOverRoute extends ExplainedRoute {
  /** The first of its conditions that does not hold: `header version is "100"; it must be "200"`. */
  readonly because: string;
}

export interface MatchedRoute extends ExplainedRoute {
  /** Its conditions, all of which hold: `path must be "/a.B/C"`. */
  readonly conditions: readonly string[];
  readonly action: 'forward' | 'redirect' | 'direct-response';
  /** What a redirect or a direct response says; empty for a forward. */
  readonly answer: string;
  /** Clusters with their weights; none unless the action is a forward. */
  readonly destinations: readonly Destination[];
  /** What is in force beyond the defaults, and who said so. */
  readonly settings: readonly ExplainedSetting[];
}

export interface Destination {
  readonly cluster: string;
  readonly weight: number;
  /** Of the requests of this route, 0 to 1. */
  readonly share: number;
  readonly source: Source | undefined;
}

export interface ExplainedSetting {
  readonly name: SettingName;
  /** `300 ms`, `up to 2 more attempts on 5xx, unavailable`. */
  readonly value: string;
  readonly from: 'cluster' | 'route' | 'virtual host';
  /** The destination for which alone it is so; undefined when it is for all. */
  readonly cluster: string | undefined;
  readonly source: Source | undefined;
}
