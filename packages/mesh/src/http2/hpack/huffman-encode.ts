import { HUFFMAN_CODES, HUFFMAN_LENGTHS } from './huffman-code.js';

/** Octets that `huffmanEncode` writes for this latin1 string. */
export function huffmanEncodedLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += HUFFMAN_LENGTHS[text.charCodeAt(i) & 0xff]!;
  return (bits + 7) >>> 3;
}

/** Writes the Huffman code of a latin1 string at `out[offset]` and returns the offset after it. RFC 7541 5.2. */
export function huffmanEncode(text: string, out: Uint8Array, offset: number): number {
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff;
    const code = HUFFMAN_CODES[symbol]!;
    let length = HUFFMAN_LENGTHS[symbol]!;
    // Fewer than 8 bits are left over from before: 16 more at a time fit into a 32-bit integer.
    if (length > 16) {
      length -= 16;
      pending = (pending << length) | (code >>> 16);
      bits += length;
      while (bits >= 8) out[offset++] = pending >>> (bits -= 8);
      length = 16;
    }
    pending = (pending << length) | (code & 0xffff);
    bits += length;
    while (bits >= 8) out[offset++] = pending >>> (bits -= 8);
  }
  // "the most significant bits of the code for the EOS (end-of-string) symbol": all ones.
  if (bits > 0) out[offset++] = (pending << (8 - bits)) | (0xff >>> bits);
  return offset;
}
