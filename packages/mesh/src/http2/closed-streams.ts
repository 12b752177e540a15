/** How a stream ended, as far as the answer to a late frame depends on it. */
export const UNKNOWN = 0;
/** Both sides said END_STREAM, or the peer reset it: it has no business sending more. */
export const ENDED = 1;
/** We reset it: frames the peer had sent before it knew are to be expected. */
export const RESET_BY_US = 2;

const CAPACITY = 128;

/**
 * The last closed streams of a connection. RFC 9113 5.1 wants late frames told apart by how the stream
 * ended; remembering all of them would be unbounded.
 */
export class ClosedStreams {
  readonly #ids = new Int32Array(CAPACITY);
  readonly #endings = new Uint8Array(CAPACITY);
  #count = 0;

  add(id: number, ending: number): void {
    const at = this.#count++ % CAPACITY;
    this.#ids[at] = id;
    this.#endings[at] = ending;
  }

  /** How the stream ended, or UNKNOWN: long ago, or never opened. */
  endingOf(id: number): number {
    const at = this.#ids.indexOf(id);
    return at === -1 ? UNKNOWN : this.#endings[at]!;
  }

  /** Every stream ever closed is still known, so that UNKNOWN means never opened. */
  get complete(): boolean {
    return this.#count <= CAPACITY;
  }
}
