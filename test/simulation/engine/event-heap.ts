/**
 * What is to happen, by its instant; what is to happen at the same instant, in the order it was put in. A
 * payload is any integer up to 2^53. Allocates nothing but when it grows.
 */
export class EventHeap {
  #atMs = new Float64Array(256);
  #order = new Float64Array(256);
  #payloads = new Float64Array(256);
  #size = 0;
  #put = 0;

  get size(): number {
    return this.#size;
  }

  /** When the next event is due; `Infinity` when there is none. */
  get nextMs(): number {
    return this.#size === 0 ? Infinity : this.#atMs[0]!;
  }

  push(atMs: number, payload: number): void {
    if (this.#size === this.#atMs.length) this.#grow();
    const order = this.#put++;
    const times = this.#atMs;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      // The newcomer's order is the highest, so at the same instant it stays below.
      if (times[parent]! <= atMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#place(at, atMs, order, payload);
  }

  /** Takes the next event out; there must be one. */
  pop(): number {
    const payload = this.#payloads[0]!;
    const last = --this.#size;
    if (last > 0) this.#sinkFromTop(this.#atMs[last]!, this.#order[last]!, this.#payloads[last]!);
    return payload;
  }

  #sinkFromTop(atMs: number, order: number, payload: number): void {
    const size = this.#size;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, this.#atMs[child]!, this.#order[child]!)) child += 1;
      if (!this.#isBefore(child, atMs, order)) break;
      this.#move(child, at);
      at = child;
    }
    this.#place(at, atMs, order, payload);
  }

  #isBefore(at: number, atMs: number, order: number): boolean {
    const own = this.#atMs[at]!;
    return own < atMs || (own === atMs && this.#order[at]! < order);
  }

  #move(from: number, to: number): void {
    this.#atMs[to] = this.#atMs[from]!;
    this.#order[to] = this.#order[from]!;
    this.#payloads[to] = this.#payloads[from]!;
  }

  #place(at: number, atMs: number, order: number, payload: number): void {
    this.#atMs[at] = atMs;
    this.#order[at] = order;
    this.#payloads[at] = payload;
  }

  #grow(): void {
    this.#atMs = doubled(this.#atMs);
    this.#order = doubled(this.#order);
    this.#payloads = doubled(this.#payloads);
  }
}

function doubled(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}
