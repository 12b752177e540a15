import type { HeaderField } from './header-field.js';

/** Initial value of SETTINGS_HEADER_TABLE_SIZE. RFC 9113 6.5.2. */
export const DEFAULT_TABLE_BYTES = 4096;

const INITIAL_SLOTS = 16;

/**
 * The dynamic table of RFC 7541 2.3.2 and 4: a queue of fields bounded in bytes, newest first. Besides the
 * protocol's sliding indices each field has an absolute number, its place in the order of insertion from 1 on.
 */
export class DynamicTable {
  #ring: (HeaderField | undefined)[] = new Array<HeaderField | undefined>(INITIAL_SLOTS).fill(undefined);
  #mask = INITIAL_SLOTS - 1;
  #inserted = 0;
  #evicted = 0;
  #bytes = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Absolute number of the newest field. */
  get inserted(): number {
    return this.#inserted;
  }

  /** Absolute number of the field evicted last: whatever is above it is in the table. */
  get evicted(): number {
    return this.#evicted;
  }

  get length(): number {
    return this.#inserted - this.#evicted;
  }

  /** RFC 7541 4.1: the sum of the sizes of the entries. */
  get bytes(): number {
    return this.#bytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** The field at `index` counted from 0 for the newest; undefined beyond the oldest. */
  at(index: number): HeaderField | undefined {
    if (index >= this.#inserted - this.#evicted) return undefined;
    return this.#ring[(this.#inserted - index) & this.#mask];
  }

  /** The field with this absolute number, which must be in the table. */
  atNumber(number: number): HeaderField {
    return this.#ring[number & this.#mask]!;
  }

  /** Sets the maximum size; the caller then evicts while `bytes` is above it. */
  setMaxBytes(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /** Takes out the oldest field, which there must be. */
  evictOldest(): HeaderField {
    const slot = ++this.#evicted & this.#mask;
    const field = this.#ring[slot]!;
    this.#ring[slot] = undefined;
    this.#bytes -= field.size;
    return field;
  }

  /** Adds a field for which there must be room. */
  insert(field: HeaderField): void {
    if (this.#inserted - this.#evicted > this.#mask) this.#grow();
    this.#ring[++this.#inserted & this.#mask] = field;
    this.#bytes += field.size;
  }

  #grow(): void {
    const slots = this.#ring.length * 2;
    const ring = new Array<HeaderField | undefined>(slots).fill(undefined);
    for (let n = this.#evicted + 1; n <= this.#inserted; n++)
      ring[n & (slots - 1)] = this.#ring[n & this.#mask];
    this.#ring = ring;
    this.#mask = slots - 1;
  }
}
