import { PUSH_ORDER, type ResourceType } from '../type-urls.js';

/** Upper bounds of the buckets of acknowledgement times, in milliseconds. */
export const ACK_BUCKETS_MS: readonly number[] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000];

/** What was sent of one type to all clients, and what they said. */
export interface TypeMetrics {
  responses: number;
  bytes: number;
  acks: number;
  nacks: number;
  /** Sum of the times from a response to its answer. */
  answerMs: number;
  /** Answers within each of `ACK_BUCKETS_MS`, each counted in its own bucket only, and the rest. */
  readonly buckets: number[];
}

/** Counters of an xDS server. */
export class PushMetrics {
  readonly #types = new Map<ResourceType, TypeMetrics>(
    PUSH_ORDER.map((typeUrl) => [typeUrl, noMetrics()] as const),
  );
  streamsTotal = 0;
  /** Clients cut off because they did not read. */
  stalledTotal = 0;

  get types(): ReadonlyMap<ResourceType, Readonly<TypeMetrics>> {
    return this.#types;
  }

  sent(typeUrl: ResourceType, bytes: number): void {
    const metrics = this.#of(typeUrl);
    metrics.responses += 1;
    metrics.bytes += bytes;
  }

  answered(typeUrl: ResourceType, latencyMs: number, accepted: boolean): void {
    const metrics = this.#of(typeUrl);
    if (accepted) metrics.acks += 1;
    else metrics.nacks += 1;
    metrics.answerMs += latencyMs;
    const found = ACK_BUCKETS_MS.findIndex((bound) => latencyMs <= bound);
    const bucket = found < 0 ? ACK_BUCKETS_MS.length : found;
    metrics.buckets[bucket] = (metrics.buckets[bucket] ?? 0) + 1;
  }

  #of(typeUrl: ResourceType): TypeMetrics {
    const known = this.#types.get(typeUrl) ?? noMetrics();
    this.#types.set(typeUrl, known);
    return known;
  }
}

function noMetrics(): TypeMetrics {
  const buckets = [...ACK_BUCKETS_MS, Number.POSITIVE_INFINITY].map(() => 0);
  return { responses: 0, bytes: 0, acks: 0, nacks: 0, answerMs: 0, buckets };
}
