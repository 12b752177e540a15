import { huffmanDecode, huffmanDecodedBound } from './huffman-decode.js';
import { huffmanEncode, huffmanEncodedLength } from './huffman-encode.js';
import { encodeInteger, IntegerDecoder } from './integer.js';

const HUFFMAN = 0x80;
const INITIAL_SCRATCH_BYTES = 1024;
// Below this many characters writing them one by one is faster than crossing into native code.
const MAX_CHARWISE = 16;

/**
 * Decodes string literals in three steps, so that a caller can stop before the costly ones: `locate` finds the
 * string's end, `decode` undoes the Huffman code and tells its length, `text` makes the string. RFC 7541 5.2.
 */
export class StringLiteralDecoder {
  readonly #integers = new IntegerDecoder();
  #start = 0;
  #end = 0;
  #huffman = false;
  #decodedLength = 0;
  #scratch = Buffer.allocUnsafeSlow(INITIAL_SCRATCH_BYTES);

  /** Returns the offset after the string literal at `input[offset]`, or -1 if it reaches beyond `end`. */
  locate(input: Buffer, offset: number, end: number): number {
    if (offset >= end) return -1;
    const octet = input[offset++]!;
    let length = octet & 0x7f;
    if (length === 0x7f) {
      length = this.#integers.decode(input, offset, end, 0x7f);
      if (length < 0) return -1;
      offset = this.#integers.offset;
    }
    if (length > end - offset) return -1;
    this.#huffman = octet >= HUFFMAN;
    this.#start = offset;
    this.#end = offset + length;
    return this.#end;
  }

  /** Returns the length in octets of the located string, or -1 if its Huffman code is wrong. */
  decode(input: Buffer): number {
    const length = this.#end - this.#start;
    if (!this.#huffman) return length;
    const bound = huffmanDecodedBound(length);
    if (bound > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(bound * 2);
    return (this.#decodedLength = huffmanDecode(input, this.#start, this.#end, this.#scratch, 0));
  }

  /** The decoded string as latin1 text. */
  text(input: Buffer): string {
    return this.#huffman
      ? this.#scratch.toString('latin1', 0, this.#decodedLength)
      : input.toString('latin1', this.#start, this.#end);
  }
}

/**
 * Writes a latin1 string as a literal at `out[offset]` and returns the offset after it; Huffman coded if that is
 * allowed and makes it shorter. Takes at most `text.length + 6` octets. RFC 7541 5.2.
 */
export function encodeStringLiteral(text: string, mayHuffman: boolean, out: Buffer, offset: number): number {
  const length = text.length;
  if (mayHuffman) {
    const encodedLength = huffmanEncodedLength(text);
    if (encodedLength < length) {
      offset = encodeInteger(encodedLength, 7, HUFFMAN, out, offset);
      return huffmanEncode(text, out, offset);
    }
  }
  offset = encodeInteger(length, 7, 0, out, offset);
  if (length > MAX_CHARWISE) return offset + out.write(text, offset, length, 'latin1');
  for (let i = 0; i < length; i++) out[offset++] = text.charCodeAt(i);
  return offset;
}
