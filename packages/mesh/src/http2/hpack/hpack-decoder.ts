import { DEFAULT_TABLE_BYTES, DynamicTable } from './dynamic-table.js';
import { fieldName } from './field-name.js';
import { type FieldInterner, HeaderField } from './header-field.js';
import { IntegerDecoder } from './integer.js';
import { MAX_CACHED_LITERAL_BYTES } from './literal-cache.js';
import {
  INDEXED,
  INDEXED_MAX,
  INDEXING,
  INDEXING_MAX,
  NEVER_INDEXED,
  NOT_INDEXING_MAX,
  SIZE_UPDATE,
  SIZE_UPDATE_MAX,
} from './representation.js';
import { FIRST_DYNAMIC_INDEX, STATIC_TABLE } from './static-table.js';
import { StringLiteralDecoder } from './string-literal.js';

/** The block was decoded. */
export const DECODE_OK = 0;
/** The block was decoded, but its list is longer than allowed and was cut off; the connection can go on. */
export const DECODE_LIST_TOO_LARGE = 1;
/** The block cannot be decoded: a connection error of type COMPRESSION_ERROR. RFC 9113 4.3. */
export const DECODE_ERROR = 2;

export interface HpackDecoderOptions {
  /** The SETTINGS_HEADER_TABLE_SIZE in force for the peer: 4096 unless it has acknowledged another. */
  readonly maxTableBytes: number;
  /** Limit on the sum of the sizes of a block's fields, as SETTINGS_MAX_HEADER_LIST_SIZE counts. RFC 9113 6.5.2. */
  readonly maxListBytes: number;
  /** Limit on the number of a block's fields. */
  readonly maxFields: number;
  /** Shared by all decoders whose fields should be the same objects. */
  readonly interner: FieldInterner;
}

// Decoding is synchronous, so all decoders can share the places for the strings under way.
const nameLiteral = new StringLiteralDecoder();
const valueLiteral = new StringLiteralDecoder();
const integers = new IntegerDecoder();

/**
 * Decodes the header blocks of one direction of a connection. RFC 7541.
 *
 * Fields come as shared objects: those of the static and the dynamic table as they are, literals from the
 * interner, so that a repeated block costs neither allocation nor Huffman decoding.
 */
export class HpackDecoder {
  readonly #maxListBytes: number;
  readonly #maxFields: number;
  readonly #interner: FieldInterner;
  readonly #table: DynamicTable;
  #maxTableBytes: number;
  // Of the block being decoded:
  #listBytes = 0;
  #fieldCount = 0;
  #tooLarge = false;

  constructor(options: HpackDecoderOptions) {
    this.#maxTableBytes = options.maxTableBytes;
    this.#maxListBytes = options.maxListBytes;
    this.#maxFields = options.maxFields;
    this.#interner = options.interner;
    this.#table = new DynamicTable(Math.min(DEFAULT_TABLE_BYTES, options.maxTableBytes));
  }

  /**
   * Puts another SETTINGS_HEADER_TABLE_SIZE of this side in force, once the peer has acknowledged it. If it is
   * below the table's size, the next block must begin with a size update. RFC 7541 4.2.
   */
  setMaxTableBytes(bytes: number): void {
    this.#maxTableBytes = bytes;
  }

  /**
   * Decodes one complete header block, `block[start, end)`, and appends its fields to `out`.
   *
   * Returns DECODE_OK; or DECODE_LIST_TOO_LARGE if the list exceeds a limit: from there on fields are dropped
   * before they cost memory, while the dynamic table stays in step; or DECODE_ERROR, after which the decoder is
   * of no more use.
   */
  decode(block: Buffer, start: number, end: number, out: HeaderField[]): number {
    this.#listBytes = 0;
    this.#fieldCount = 0;
    this.#tooLarge = false;
    const table = this.#table;
    let pos = this.#sizeUpdates(block, start, end);
    if (pos < 0) return DECODE_ERROR;
    while (pos < end) {
      const octet = block[pos++]!;
      if (octet < INDEXED) {
        pos = this.#literal(block, pos, end, octet, out);
        if (pos < 0) return DECODE_ERROR;
        continue;
      }
      let index = octet & INDEXED_MAX;
      if (index === INDEXED_MAX) {
        index = integers.decode(block, pos, end, INDEXED_MAX);
        pos = integers.offset;
      }
      // RFC 7541 6.1: "The index value of 0 is not used. It MUST be treated as a decoding error".
      if (index <= 0) return DECODE_ERROR;
      const field =
        index < FIRST_DYNAMIC_INDEX ? STATIC_TABLE[index - 1] : table.at(index - FIRST_DYNAMIC_INDEX);
      if (field === undefined) return DECODE_ERROR;
      if (this.#admit(field.size)) out.push(field);
    }
    return this.#tooLarge ? DECODE_LIST_TOO_LARGE : DECODE_OK;
  }

  /** Counts a field of this size; false if the list has become longer than allowed. */
  #admit(size: number): boolean {
    this.#listBytes += size;
    if (++this.#fieldCount > this.#maxFields || this.#listBytes > this.#maxListBytes) this.#tooLarge = true;
    return !this.#tooLarge;
  }

  /**
   * RFC 7541 4.2: "This dynamic table size update MUST occur at the beginning of the first header block
   * following the change to the dynamic table size."
   */
  #sizeUpdates(block: Buffer, pos: number, end: number): number {
    const table = this.#table;
    while (pos < end && (block[pos]! & ~SIZE_UPDATE_MAX) === SIZE_UPDATE) {
      let bytes = block[pos++]! & SIZE_UPDATE_MAX;
      if (bytes === SIZE_UPDATE_MAX) {
        bytes = integers.decode(block, pos, end, SIZE_UPDATE_MAX);
        pos = integers.offset;
      }
      if (bytes < 0 || bytes > this.#maxTableBytes) return -1;
      table.setMaxBytes(bytes);
      while (table.bytes > bytes) table.evictOldest();
    }
    return table.maxBytes > this.#maxTableBytes ? -1 : pos;
  }

  /**
   * Decodes the literal representation whose first octet is `octet` and whose rest begins at `block[pos]`.
   * Returns the offset after it, or -1 for an error. RFC 7541 6.2.
   */
  #literal(block: Buffer, pos: number, end: number, octet: number, out: HeaderField[]): number {
    const indexing = octet >= INDEXING;
    // Size updates between fields come here.
    if (!indexing && octet >= SIZE_UPDATE) return -1;
    const sensitive = !indexing && octet >= NEVER_INDEXED;
    const prefixMax = indexing ? INDEXING_MAX : NOT_INDEXING_MAX;
    let nameIndex = octet & prefixMax;
    if (nameIndex === prefixMax) {
      nameIndex = integers.decode(block, pos, end, prefixMax);
      if (nameIndex < 0) return -1;
      pos = integers.offset;
    }
    const stringsStart = pos;
    let name: string | undefined;
    // A sensitive value is kept nowhere but in the message that it belongs to.
    let cacheable = !sensitive;
    if (nameIndex === 0) {
      pos = nameLiteral.locate(block, pos, end);
      if (pos < 0) return -1;
    } else {
      const named =
        nameIndex < FIRST_DYNAMIC_INDEX
          ? STATIC_TABLE[nameIndex - 1]
          : this.#table.at(nameIndex - FIRST_DYNAMIC_INDEX);
      if (named === undefined) return -1;
      name = named.name;
      // A sender that indexes all, as nghttp2 and Go do, has just said that this value is new.
      if (indexing && named.volatile) cacheable = false;
    }
    pos = valueLiteral.locate(block, pos, end);
    if (pos < 0) return -1;

    if (pos - stringsStart > MAX_CACHED_LITERAL_BYTES) cacheable = false;
    let field = cacheable ? this.#interner.literals.find(block, stringsStart, pos, name) : undefined;
    if (field !== undefined) {
      if (this.#admit(field.size)) out.push(field);
    } else {
      const nameLength = name === undefined ? nameLiteral.decode(block) : name.length;
      const valueLength = valueLiteral.decode(block);
      if (nameLength < 0 || valueLength < 0) return -1;
      const size = nameLength + valueLength + 32;
      const admitted = this.#admit(size);
      if (!admitted && (!indexing || size > this.#table.maxBytes)) {
        if (indexing) this.#makeRoom(size);
        return pos;
      }
      field = this.#field(name ?? nameLiteral.text(block), valueLiteral.text(block), sensitive);
      if (cacheable) this.#interner.literals.store(block, stringsStart, pos, field);
      if (admitted) out.push(field);
    }
    if (indexing && this.#makeRoom(field.size)) this.#table.insert(field);
    return pos;
  }

  #field(name: string, value: string, sensitive: boolean): HeaderField {
    // Interning what never repeats would only push out what does.
    if (sensitive || fieldName(name).volatile) return new HeaderField(name, value, sensitive);
    const field = this.#interner.intern(name, value);
    return field.staticIndex === 0 ? field : STATIC_TABLE[field.staticIndex - 1]!;
  }

  /**
   * Evicts until an entry of `size` fits. RFC 7541 4.4: "an attempt to add an entry larger than the maximum size
   * causes the table to be emptied of all existing entries and results in an empty table": then false.
   */
  #makeRoom(size: number): boolean {
    const table = this.#table;
    while (table.length > 0 && table.bytes + size > table.maxBytes) table.evictOldest();
    return size <= table.maxBytes;
  }
}
