/** Sends a request again before it has failed (gRFC A6, `hedgingPolicy`). */
export interface HedgingPolicy {
  /** Attempts in all, the first included; at least 2. */
  readonly maxAttempts: number;
  /** Milliseconds from one attempt to the next; 0 sends all at once. */
  readonly delayMs: number;
  /**
   * gRPC codes after which the next attempt is sent at once; any other failure ends the call
   * (`nonFatalStatusCodes`).
   */
  readonly nonFatalCodes: ReadonlySet<number>;
}
