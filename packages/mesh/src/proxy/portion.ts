import type { CircuitLimits, LocalRateLimitPolicy } from '@weir/core';

/**
 * The part that one process has of what a proxy may do, which is divided among its processes by the connections
 * they have: `own` of `total`, after the `before` of the processes before it.
 */
export interface Portion {
  readonly before: number;
  readonly own: number;
  readonly total: number;
}

/** Of the only process. */
export const WHOLE: Portion = { before: 0, own: 1, total: 1 };

/** Of a process that has no connection. */
export const NOTHING: Portion = { before: 0, own: 0, total: 1 };

/** Divides by connections, in the order of the processes; the first has all while there are none. */
export function divideByConnections(connections: readonly number[]): readonly Portion[] {
  const total = connections.reduce((sum, count) => sum + count, 0);
  if (total === 0) return connections.map((_count, at) => (at === 0 ? WHOLE : NOTHING));
  let before = 0;
  return connections.map((own) => {
    const portion = { before, own, total };
    before += own;
    return portion;
  });
}

/**
 * How much of a limit a process has. All processes together have the limit, but for those whose share is less than
 * 1: they have 1, or their calls would never pass.
 */
export function portionOf(limit: number, { before, own, total }: Portion): number {
  if (!Number.isFinite(limit) || own === total) return limit;
  if (own === 0 || limit === 0) return 0;
  const upTo = (connections: number): number => Math.floor((limit * connections) / total);
  return Math.max(1, upTo(before + own) - upTo(before));
}

export function portionOfLimits(limits: CircuitLimits, portion: Portion): CircuitLimits {
  return {
    maxConnections: portionOf(limits.maxConnections, portion),
    maxPendingRequests: portionOf(limits.maxPendingRequests, portion),
    maxRequests: portionOf(limits.maxRequests, portion),
    maxRetries: portionOf(limits.maxRetries, portion),
  };
}

/** The same for a rate: of tokens there are only whole ones, so the time between fills makes up for the rest. */
export function portionOfRate(policy: LocalRateLimitPolicy, portion: Portion): LocalRateLimitPolicy {
  const { own, total } = portion;
  if (own === 0 || own === total) return policy;
  const tokens = (policy.tokensPerFill * own) / total;
  const tokensPerFill = Math.max(1, Math.round(tokens));
  return {
    ...policy,
    maxTokens: portionOf(policy.maxTokens, portion),
    tokensPerFill,
    fillIntervalMs: (policy.fillIntervalMs * tokensPerFill) / tokens,
  };
}
