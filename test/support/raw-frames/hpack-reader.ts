import { HUFFMAN_LENGTHS, STATIC_FIELDS } from './hpack-tables.js';
import type { FieldLine } from './hpack-writer.js';

export interface DecodedField {
  readonly name: string;
  readonly value: string;
  /** How it was represented: RFC 7541 6.1, 6.2.1, 6.2.2, 6.2.3. */
  readonly form: 'indexed' | 'indexing' | 'literal' | 'never-indexed';
}

/**
 * Decodes header blocks the plain way, bit by bit. Throws on whatever RFC 7541 forbids.
 */
export class HpackReader {
  readonly #table: FieldLine[] = [];
  readonly #limit: number;
  #maxBytes: number;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  /** @param limit - the SETTINGS_HEADER_TABLE_SIZE that the peer was told, in octets */
  constructor(limit = 4096) {
    this.#limit = limit;
    this.#maxBytes = Math.min(4096, limit);
  }

  /** Octets in the dynamic table, counted as RFC 7541 4.1 says. */
  get tableBytes(): number {
    return this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
  }

  read(block: Buffer): DecodedField[] {
    this.#block = block;
    this.#at = 0;
    const fields: DecodedField[] = [];
    while (this.#at < block.length) {
      const octet = block[this.#at] ?? 0;
      if (octet >= 0x80) {
        const [name, value] = this.#entry(this.#integer(7));
        fields.push({ name, value, form: 'indexed' });
      } else if (octet >= 0x40) {
        const [name, value] = this.#literal(6);
        fields.push({ name, value, form: 'indexing' });
        this.#table.unshift([name, value]);
        this.#evict();
      } else if (octet >= 0x20) {
        if (fields.length > 0) throw new Error('a size update behind a field');
        const bytes = this.#integer(5);
        if (bytes > this.#limit) throw new Error(`a table of ${bytes} octets, ${this.#limit} allowed`);
        this.#maxBytes = bytes;
        this.#evict();
      } else {
        const form = octet >= 0x10 ? 'never-indexed' : 'literal';
        const [name, value] = this.#literal(4);
        fields.push({ name, value, form });
      }
    }
    return fields;
  }

  #evict(): void {
    while (this.tableBytes > this.#maxBytes) this.#table.pop();
  }

  #literal(prefixBits: number): FieldLine {
    const index = this.#integer(prefixBits);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    return [name, this.#string()];
  }

  #entry(index: number): FieldLine {
    const field =
      index <= STATIC_FIELDS.length
        ? STATIC_FIELDS[index - 1]
        : this.#table[index - STATIC_FIELDS.length - 1];
    if (field === undefined) throw new Error(`there is no entry ${index}`);
    return field;
  }

  #octet(): number {
    const octet = this.#block[this.#at++];
    if (octet === undefined) throw new Error('the block is cut off');
    return octet;
  }

  #integer(prefixBits: number): number {
    const max = 2 ** prefixBits - 1;
    let value = this.#octet() & max;
    if (value < max) return value;
    for (let scale = 1; ; scale *= 128) {
      const octet = this.#octet();
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) return value;
    }
  }

  #string(): string {
    const huffman = (this.#block[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const octets = this.#block.subarray(this.#at, this.#at + length);
    if (octets.length < length) throw new Error('a string is cut off');
    this.#at += length;
    return huffman ? unpack(octets) : octets.toString('latin1');
  }
}

/** RFC 7541 5.2: Huffman coded text, padded with the most significant bits of EOS. */
function unpack(octets: Buffer): string {
  let decoded = '';
  let code = 1;
  for (const octet of octets) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((octet >> bit) & 1);
      const symbol = SYMBOLS.get(code);
      if (symbol === undefined) continue;
      if (symbol === 256) throw new Error('EOS in a string');
      decoded += String.fromCharCode(symbol);
      code = 1;
    }
  }
  const padding = code.toString(2).slice(1);
  if (padding.length > 7 || padding.includes('0')) throw new Error(`padding ${padding} in a string`);
  return decoded;
}

/** Symbols by code, a 1 put before each so that leading zeros count. */
const SYMBOLS = symbolsByCode();

function symbolsByCode(): Map<number, number> {
  const symbols = new Map<number, number>();
  let code = 0;
  for (let length = 1; length <= 30; length++, code *= 2) {
    for (const [symbol, symbolLength] of HUFFMAN_LENGTHS.entries()) {
      if (symbolLength === length) symbols.set(2 ** length + code++, symbol);
    }
  }
  return symbols;
}
