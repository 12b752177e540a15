/**
 * One appointment for each of a few numbered things, which may be moved at any time: a binary heap that knows
 * where everything is. At the same instant the lower number comes first.
 */
export class Appointments {
  #atMs = new Float64Array(0);
  #heap = new Int32Array(0);
  #places = new Int32Array(0);

  /** The number of the thing whose turn is next; there must be one. */
  get next(): number {
    return this.#heap[0]!;
  }

  /** When it is; `Infinity` when nothing has an appointment. */
  get nextMs(): number {
    return this.#heap.length === 0 ? Infinity : this.#atMs[this.#heap[0]!]!;
  }

  /** Adds the thing with the next number, without an appointment. */
  add(): number {
    const number = this.#heap.length;
    this.#atMs = grown(this.#atMs, new Float64Array(number + 1));
    this.#heap = grown(this.#heap, new Int32Array(number + 1));
    this.#places = grown(this.#places, new Int32Array(number + 1));
    this.#atMs[number] = Infinity;
    this.#heap[number] = number;
    this.#places[number] = number;
    return number;
  }

  /** Moves an appointment; to `Infinity`: takes it off. */
  move(number: number, atMs: number): void {
    if (this.#atMs[number] === atMs) return;
    const earlier = atMs < this.#atMs[number]!;
    this.#atMs[number] = atMs;
    if (earlier) this.#rise(number);
    else this.#sink(number);
  }

  #rise(number: number): void {
    let at = this.#places[number]!;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = this.#heap[parent]!;
      if (!this.#isBefore(number, other)) break;
      this.#place(other, at);
      at = parent;
    }
    this.#place(number, at);
  }

  #sink(number: number): void {
    const size = this.#heap.length;
    let at = this.#places[number]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child += 1;
      const other = this.#heap[child]!;
      if (!this.#isBefore(other, number)) break;
      this.#place(other, at);
      at = child;
    }
    this.#place(number, at);
  }

  #isBefore(a: number, b: number): boolean {
    const aMs = this.#atMs[a]!;
    const bMs = this.#atMs[b]!;
    return aMs < bMs || (aMs === bMs && a < b);
  }

  #place(number: number, at: number): void {
    this.#heap[at] = number;
    this.#places[number] = at;
  }
}

function grown<Numbers extends Float64Array | Int32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
