/** Numbers of requests in flight below this have a group each; above it a group is an eighth of an octave. */
const EXACT_GROUPS = 32;
const GROUPS_PER_OCTAVE = 8;
/** Groups up to 32 · 2^16 requests in flight; what is beyond shares the last one. */
const GROUPS = EXACT_GROUPS + 16 * GROUPS_PER_OCTAVE;
/** Latencies kept per group. */
const SAMPLES = 16;

/**
 * The latencies of late, by the requests in flight as each request came: a server's answer to "how long would
 * a request take now" (Prequal, NSDI '24, section 4). Memory is fixed; recording and asking allocate nothing.
 */
export class LatencyByRif {
  readonly #maxAgeMs: number;
  readonly #latenciesMs = new Float64Array(GROUPS * SAMPLES);
  readonly #endedAtMs = new Float64Array(GROUPS * SAMPLES).fill(-Infinity);
  /** Where the next latency of a group goes. */
  readonly #next = new Uint8Array(GROUPS);
  /** When a group got its last latency, so that a search passes over most groups at one look. */
  readonly #lastMs = new Float64Array(GROUPS).fill(-Infinity);
  readonly #sorted = new Float64Array(SAMPLES);
  #used = 0;

  /** @param maxAgeMs older latencies no longer count */
  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  record(rif: number, latencyMs: number, nowMs: number): void {
    const group = groupOf(rif);
    const slot = group * SAMPLES + this.#next[group]!;
    this.#latenciesMs[slot] = latencyMs;
    this.#endedAtMs[slot] = nowMs;
    this.#next[group] = (this.#next[group]! + 1) % SAMPLES;
    this.#lastMs[group] = nowMs;
    if (group >= this.#used) this.#used = group + 1;
  }

  /**
   * Median of the latencies of requests that found about `rif` requests in flight: of the nearest group that
   * has any, of two equally near ones the busier.
   *
   * @returns -1 when there is none that is young enough
   */
  median(rif: number, nowMs: number): number {
    const centre = groupOf(rif);
    const oldestMs = nowMs - this.#maxAgeMs;
    const furthest = Math.max(centre, this.#used - centre);
    for (let distance = 0; distance <= furthest; distance++) {
      const above = centre + distance;
      if (above < this.#used && this.#lastMs[above]! >= oldestMs) return this.#medianOf(above, oldestMs);
      const below = centre - distance;
      if (below >= 0 && this.#lastMs[below]! >= oldestMs) return this.#medianOf(below, oldestMs);
    }
    return -1;
  }

  #medianOf(group: number, oldestMs: number): number {
    const sorted = this.#sorted;
    let count = 0;
    for (let slot = group * SAMPLES; slot < (group + 1) * SAMPLES; slot++) {
      if (this.#endedAtMs[slot]! < oldestMs) continue;
      const latencyMs = this.#latenciesMs[slot]!;
      let at = count++;
      for (; at > 0 && sorted[at - 1]! > latencyMs; at--) sorted[at] = sorted[at - 1]!;
      sorted[at] = latencyMs;
    }
    return count % 2 === 1 ? sorted[count >> 1]! : (sorted[(count >> 1) - 1]! + sorted[count >> 1]!) / 2;
  }
}

function groupOf(rif: number): number {
  if (rif < EXACT_GROUPS) return rif;
  const group = EXACT_GROUPS + Math.floor(GROUPS_PER_OCTAVE * Math.log2(rif / EXACT_GROUPS));
  return Math.min(group, GROUPS - 1);
}
