import { decodeUtf8 } from './utf8.js';

/** A cursor over a protobuf message: just what a load report needs. Throws `RangeError` on malformed input. */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #end: number;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** A varint's low 32 bits, unsigned: enough for tags and lengths. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw new RangeError('protobuf: the message ends within a varint');
      const byte = this.#bytes[this.#at++]!;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError('protobuf: a varint is longer than ten bytes');
  }

  double(): number {
    const at = this.#advance(8);
    return this.#view.getFloat64(at, true);
  }

  text(): string {
    const length = this.varint();
    const at = this.#advance(length);
    return decodeUtf8(this.#bytes, at, at + length);
  }

  /** Reads an embedded message: until `read` returns, this reader ends where the message does. */
  message(read: () => void): void {
    const length = this.varint();
    const outerEnd = this.#end;
    const start = this.#advance(length);
    this.#at = start;
    this.#end = start + length;
    read();
    this.#at = this.#end;
    this.#end = outerEnd;
  }

  /** Passes over a field that the reader does not know. */
  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#advance(8);
    else if (wireType === 2) this.#advance(this.varint());
    else if (wireType === 5) this.#advance(4);
    else throw new RangeError(`protobuf: wire type ${wireType} is not known`);
  }

  /** Where the next `length` bytes begin; they are taken as read. */
  #advance(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) throw new RangeError('protobuf: the message is cut short');
    this.#at = at + length;
    return at;
  }
}
