/** What go-zero's `p2c_ewma` keeps of a connection (`subConn` in `zrpc/internal/balancer/p2c/p2c.go`). */
export class GoZeroRecord {
  /** EWMA of the latency, whole nanoseconds; 0 as long as there was none. */
  lagNs = 0;
  /** EWMA of successes, 0 to 1000. */
  success = 1_000;
  /** When the last request ended, on the clock's `nowMs`; 0 as long as none did. */
  lastMs = 0;
}
