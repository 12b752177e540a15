/**
 * The part of a server that does the work. Work is in core-milliseconds, a capacity in cores. Every method
 * that takes the time takes it in milliseconds, never earlier than before.
 */
export interface Processor {
  /** Requests waiting or being worked on. */
  readonly inFlight: number;
  /** When the next request will be done if nothing changes; `Infinity` when there is none. */
  readonly nextMs: number;
  /** Core-milliseconds of work done since the start. */
  busyUntil(nowMs: number): number;
  setCapacity(nowMs: number, cores: number): void;
  add(nowMs: number, request: number, work: number): void;
  /** Takes a request off; does nothing when it is not here. */
  cancel(nowMs: number, request: number): void;
  /** Ends the request that is due at `nextMs`, which must be now. */
  finish(nowMs: number): number;
  /** Takes work from the requests for something else that is done at once, such as answering a probe. */
  charge(nowMs: number, work: number): void;
}
