import { DEFAULT_TABLE_BYTES } from './dynamic-table.js';
import { EncoderTable } from './encoder-table.js';
import type { HeaderField } from './header-field.js';
import { encodeInteger, MAX_INTEGER_BYTES } from './integer.js';
import { RecentFields } from './recent-fields.js';
import {
  INDEXED,
  INDEXED_BITS,
  INDEXED_MAX,
  INDEXING,
  INDEXING_BITS,
  NEVER_INDEXED,
  NOT_INDEXED,
  NOT_INDEXING_BITS,
  SIZE_UPDATE,
  SIZE_UPDATE_BITS,
} from './representation.js';
import { FIRST_DYNAMIC_INDEX } from './static-table.js';
import { encodeStringLiteral } from './string-literal.js';

/** An entry may take this part of the table; a larger one would drive out too many others. */
const MAX_TABLE_SHARE = 1 / 4;

/** Shorter strings gain too few octets from Huffman coding. */
const MIN_HUFFMAN_CHARS = 16;

export interface HpackEncoderOptions {
  /** Own limit on the dynamic table's size, whatever more the peer allows; default 4096. */
  readonly maxTableBytes: number;
}

/**
 * Encodes the header blocks of one direction of a connection. RFC 7541.
 *
 * A field is indexed when it is seen for the second time within a short while, so that values which never
 * repeat do not churn the table; a volatile one (see HeaderField) only to have its name there. From then on it costs one look-up by
 * identity, and one or two octets. Only what enters the table is Huffman coded: there it is paid for once, while
 * for other literals processor time is dearer than octets between neighbouring pods.
 */
export class HpackEncoder {
  readonly #ownMaxTableBytes: number;
  readonly #table: EncoderTable;
  readonly #recent = new RecentFields();
  /** Smallest and last size to announce at the start of the next block; -1 for none. */
  #smallestUpdate = -1;
  #finalUpdate = -1;

  constructor(options: HpackEncoderOptions) {
    this.#ownMaxTableBytes = options.maxTableBytes;
    this.#table = new EncoderTable(DEFAULT_TABLE_BYTES, Math.max(DEFAULT_TABLE_BYTES, options.maxTableBytes));
    this.setMaxTableBytes(DEFAULT_TABLE_BYTES);
  }

  /**
   * Puts the peer's SETTINGS_HEADER_TABLE_SIZE in force. The next block begins with the size updates that it
   * calls for: "the smallest maximum table size that occurs in that interval MUST be signaled" and then the
   * final one. RFC 7541 4.2.
   */
  setMaxTableBytes(bytes: number): void {
    const maxBytes = Math.min(bytes, this.#ownMaxTableBytes);
    if (this.#finalUpdate < 0 && maxBytes === this.#table.maxBytes) return;
    if (this.#smallestUpdate < 0 || maxBytes < this.#smallestUpdate) this.#smallestUpdate = maxBytes;
    this.#finalUpdate = maxBytes;
  }

  /** Upper bound in octets of what `encode` writes for these fields, pending size updates included. */
  encodedBound(fields: readonly HeaderField[]): number {
    // Two string lengths and a name index take at most 18 octets, fewer than the 32 that `size` adds.
    let bound = 2 * MAX_INTEGER_BYTES;
    for (let i = 0; i < fields.length; i++) bound += fields[i]!.size;
    return bound;
  }

  /**
   * Writes the header block of `fields` at `out[offset]`, where `encodedBound` octets must be free, and returns
   * the offset after it. Blocks must be sent in the order they were encoded in.
   */
  encode(fields: readonly HeaderField[], out: Buffer, offset: number): number {
    if (this.#finalUpdate >= 0) offset = this.#encodeSizeUpdates(out, offset);
    const table = this.#table;
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!;
      let index = field.staticIndex;
      if (index === 0) {
        const number = table.findIdentity(field);
        if (number === 0) {
          offset = this.#encodeUnknown(field, out, offset);
          continue;
        }
        index = table.indexOf(number) + FIRST_DYNAMIC_INDEX;
      }
      if (index < INDEXED_MAX) out[offset++] = INDEXED | index;
      else offset = encodeInteger(index, INDEXED_BITS, INDEXED, out, offset);
    }
    return offset;
  }

  /** Encodes a field that is not known to be in the table. */
  #encodeUnknown(field: HeaderField, out: Buffer, offset: number): number {
    if (field.sensitive) return this.#encodeLiteral(field, NEVER_INDEXED, out, offset);
    const table = this.#table;
    const number = table.findEqual(field);
    if (number !== 0) {
      return encodeInteger(table.indexOf(number) + FIRST_DYNAMIC_INDEX, INDEXED_BITS, INDEXED, out, offset);
    }
    if (field.size > table.maxBytes * MAX_TABLE_SHARE || !this.#isWorthIndexing(field)) {
      return this.#encodeLiteral(field, NOT_INDEXED, out, offset);
    }
    offset = this.#encodeLiteral(field, INDEXING, out, offset);
    table.insert(field);
    return offset;
  }

  #isWorthIndexing(field: HeaderField): boolean {
    if (!field.volatile) return this.#recent.seen(field);
    // One entry, whatever its value, spares later ones the spelling of the name.
    return field.staticNameIndex === 0 && this.#table.findName(field.name) === 0;
  }

  #encodeLiteral(field: HeaderField, representation: number, out: Buffer, offset: number): number {
    const prefixBits = representation === INDEXING ? INDEXING_BITS : NOT_INDEXING_BITS;
    const mayHuffman = representation === INDEXING;
    let nameIndex = field.staticNameIndex;
    if (nameIndex === 0) {
      const number = this.#table.findName(field.name);
      if (number !== 0) nameIndex = this.#table.indexOf(number) + FIRST_DYNAMIC_INDEX;
    }
    offset = encodeInteger(nameIndex, prefixBits, representation, out, offset);
    if (nameIndex === 0) {
      offset = encodeStringLiteral(
        field.name,
        mayHuffman && field.name.length >= MIN_HUFFMAN_CHARS,
        out,
        offset,
      );
    }
    return encodeStringLiteral(
      field.value,
      mayHuffman && field.value.length >= MIN_HUFFMAN_CHARS,
      out,
      offset,
    );
  }

  #encodeSizeUpdates(out: Buffer, offset: number): number {
    if (this.#smallestUpdate < this.#finalUpdate) {
      this.#table.resize(this.#smallestUpdate);
      offset = encodeInteger(this.#smallestUpdate, SIZE_UPDATE_BITS, SIZE_UPDATE, out, offset);
    }
    this.#table.resize(this.#finalUpdate);
    offset = encodeInteger(this.#finalUpdate, SIZE_UPDATE_BITS, SIZE_UPDATE, out, offset);
    this.#smallestUpdate = -1;
    this.#finalUpdate = -1;
    return offset;
  }
}
