import type { LimitName } from '../http2/flood-guard.js';
import { type ByDirection, eachDirection } from './direction.js';
import type { PrometheusText } from './prometheus-text.js';

/** What both callers and endpoints can do too much of, or take too long for: the names of options. */
const COMMON = [
  'frameTimeoutMs',
  'glitchBurst',
  'maxContinuationFrames',
  'maxFrameBytes',
  'maxHeaderListBytes',
  'maxQueuedControlFrames',
  'maxQueuedFrames',
  'maxQueuedHeaderBytes',
  'maxSettingsEntries',
  'provokedResetBurst',
  'resetBurst',
  'settingsAckTimeoutMs',
  'windowStallTimeoutMs',
] as const satisfies readonly (LimitName | `${string}TimeoutMs`)[];

export const DOWNSTREAM_LIMITS = [
  ...COMMON,
  'maxConcurrentStreams',
  'prefaceTimeoutMs',
  'streamIdleTimeoutMs',
] as const;

export const UPSTREAM_LIMITS = [...COMMON, 'cancelBurst', 'keepaliveTimeoutMs'] as const;

export type DownstreamLimit = (typeof DOWNSTREAM_LIMITS)[number];
export type UpstreamLimit = (typeof UPSTREAM_LIMITS)[number];

/** How often each limit was hit, by the name of the option that sets it. */
export interface LimitHits {
  readonly downstream: Record<DownstreamLimit, number>;
  readonly upstream: Record<UpstreamLimit, number>;
}

export function noLimitHits(): LimitHits {
  return { downstream: zeros(DOWNSTREAM_LIMITS), upstream: zeros(UPSTREAM_LIMITS) };
}

/** Adds the hits of another process to `to`. */
export function addLimitHits(to: LimitHits, from: LimitHits): void {
  for (const limit of DOWNSTREAM_LIMITS) to.downstream[limit] += from.downstream[limit];
  for (const limit of UPSTREAM_LIMITS) to.upstream[limit] += from.upstream[limit];
}

/** Appends a sample for every limit, those never hit included. */
export function formatLimitHits(all: ByDirection<LimitHits>, text: PrometheusText): void {
  const byCallers = text.metric(
    'weir_downstream_limit_hits_total',
    'counter',
    'Times a caller went beyond a limit.',
  );
  eachDirection(all, ({ downstream }, label) => {
    for (const limit of DOWNSTREAM_LIMITS) byCallers.sample(downstream[limit], { limit, ...label });
  });
  const byEndpoints = text.metric(
    'weir_upstream_limit_hits_total',
    'counter',
    'Times an endpoint, or what callers cancelled of its requests, went beyond a limit.',
  );
  eachDirection(all, ({ upstream }, label) => {
    for (const limit of UPSTREAM_LIMITS) byEndpoints.sample(upstream[limit], { limit, ...label });
  });
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}
