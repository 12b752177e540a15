/** Something whose output is to be written before the event loop goes to sleep. */
export interface Flushable {
  flush(): void;
}

/**
 * Writes the output of all connections once per turn of the event loop: everything that the reads of one
 * turn caused goes out in one system call per connection, which halves the cost of a small request
 * against writing after each read.
 *
 * A connection that has collected a lot does not wait for the end of the turn: its bytes would fall out of
 * the processor's cache, and pile up for as long as there is something to read.
 */
export class FlushQueue {
  #waiting: Flushable[] = [];
  #full: Flushable[] = [];
  #scheduled = false;

  /** To be flushed at the end of the turn. */
  add(flushable: Flushable): void {
    this.#waiting.push(flushable);
    this.#schedule();
  }

  /** To be flushed by the next `flushFull`, at the latest at the end of the turn. */
  addFull(flushable: Flushable): void {
    this.#full.push(flushable);
    this.#schedule();
  }

  /** To be called after each read. */
  flushFull(): void {
    if (this.#full.length === 0) return;
    const full = this.#full;
    this.#full = [];
    for (const flushable of full) flushable.flush();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    this.flushFull();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const flushable of waiting) flushable.flush();
  };
}
