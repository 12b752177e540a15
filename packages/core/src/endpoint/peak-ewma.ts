/**
 * How long an endpoint takes, at worst lately, and what its failures cost; both as of `stampMs`, from which
 * they fade. A balancer reads and writes it in place: a method would have to be handed numbers, which go to
 * the heap unless the engine inlines it.
 */
export class PeakEwma {
  latencyMs = 0.5;
  penaltyMs = 0.5;
  /** On the clock's `nowMs`. */
  stampMs = 0.5;
  /** How many latencies have been taken in, as far as it matters. */
  samples = 0;

  constructor(latencyMs: number, nowMs: number) {
    this.latencyMs = latencyMs;
    // The engine writes a field in place when it began with a number that is not whole.
    this.penaltyMs = 0;
    this.stampMs = nowMs;
  }
}
