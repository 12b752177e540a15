/** What there is to see of a stream. */
interface Counted {
  readonly sentCount: number;
  readonly receivedCount: number;
  readonly stalled: boolean;
}

/**
 * How long a stream has been idle or stalled, found out by looking at it now and then instead of by timers:
 * what moves costs nothing, and times are late by up to the pause between two looks.
 */
export class StreamProgress {
  #count: number;
  #movedMs: number;
  /** `sentCount` when the current wait was first seen, or when it last got over the floor. */
  #sentAtStall = 0;
  /** -1 while nothing waits. */
  #stalledMs = -1;

  constructor(stream: Counted, nowMs: number) {
    this.#count = countOf(stream);
    this.#movedMs = nowMs;
  }

  /** Milliseconds without an octet of DATA or a header block either way, PING and WINDOW_UPDATE not counted. */
  idleMs(stream: Counted, nowMs: number): number {
    const count = countOf(stream);
    if (count === this.#count) return nowMs - this.#movedMs;
    this.#count = count;
    this.#movedMs = nowMs;
    return 0;
  }

  /**
   * Milliseconds in which DATA has waited and less than `floorBytes` of it was taken. A window opened octet
   * by octet is a stall too.
   */
  stalledMs(stream: Counted, nowMs: number, floorBytes: number): number {
    if (!stream.stalled) {
      this.#stalledMs = -1;
      return 0;
    }
    const sent = (stream.sentCount - this.#sentAtStall) | 0;
    if (this.#stalledMs >= 0 && sent < floorBytes && sent >= 0) return nowMs - this.#stalledMs;
    this.#sentAtStall = stream.sentCount;
    this.#stalledMs = nowMs;
    return 0;
  }
}

/** Changes whenever something moves on the stream. */
function countOf({ sentCount, receivedCount }: Counted): number {
  return (sentCount + receivedCount) | 0;
}
