import { encodeUtf8 } from './utf8.js';

/** Writes a protobuf message: just what a load report needs. */
export class ProtobufWriter {
  #bytes = new Uint8Array(128);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** A copy of what has been written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** A `double` field; 0 is the default and is left out. */
  double(field: number, value: number): void {
    if (value === 0) return;
    this.#reserve(10);
    this.#varint((field << 3) | 1);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** One entry of a `map<string, double>` field; here 0 is written, as it differs from absence. */
  entry(field: number, name: string, value: number): void {
    const key = encodeUtf8(name);
    const keySize = 1 + varintSize(key.length) + key.length;
    this.#reserve(24 + key.length);
    this.#varint((field << 3) | 2);
    this.#varint(keySize + 9);
    this.#bytes[this.#length++] = (1 << 3) | 2;
    this.#varint(key.length);
    this.#bytes.set(key, this.#length);
    this.#length += key.length;
    this.#bytes[this.#length++] = (2 << 3) | 1;
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  entries(field: number, values: ReadonlyMap<string, number> | undefined): void {
    if (values === undefined) return;
    for (const [name, value] of values) this.entry(field, name, value);
  }

  #varint(value: number): void {
    let left = value;
    for (; left > 0x7f; left >>>= 7) this.#bytes[this.#length++] = (left & 0x7f) | 0x80;
    this.#bytes[this.#length++] = left;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * needed);
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let left = value; left > 0x7f; left >>>= 7) size += 1;
  return size;
}
