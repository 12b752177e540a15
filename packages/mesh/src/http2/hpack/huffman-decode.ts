import { HUFFMAN_CODES, HUFFMAN_EOS, HUFFMAN_LENGTHS } from './huffman-code.js';

// An entry of the transition table: the next state in the low octet, the decoded symbol above it, then flags.
const SYMBOL_SHIFT = 8;
const EMITS = 0x1_0000;
const FAILS = 0x2_0000;
/** The string may end in the next state. */
const MAY_END = 0x4_0000;

/** Next state, symbol and flags by state and the next four bits: element `state * 16 + bits`. */
const TRANSITIONS: Uint32Array = buildTransitions();

/** Most octets that `huffmanDecode` can write for `encodedBytes` of input: the shortest code has 5 bits. */
export function huffmanDecodedBound(encodedBytes: number): number {
  return Math.floor((encodedBytes * 8) / 5);
}

/**
 * Decodes the Huffman coded octets `input[start, end)` to `out[offset]`, where `huffmanDecodedBound` octets must
 * be free. Returns the offset after the last octet written; -1 if the code contains EOS or ends in padding
 * that is longer than 7 bits or not a prefix of EOS. RFC 7541 5.2.
 */
export function huffmanDecode(
  input: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  offset: number,
): number {
  let entry = MAY_END;
  for (let i = start; i < end; i++) {
    const octet = input[i]!;
    entry = TRANSITIONS[((entry & 0xff) << 4) | (octet >>> 4)]!;
    if ((entry & EMITS) !== 0) out[offset++] = entry >>> SYMBOL_SHIFT;
    else if ((entry & FAILS) !== 0) return -1;
    entry = TRANSITIONS[((entry & 0xff) << 4) | (octet & 0x0f)]!;
    if ((entry & EMITS) !== 0) out[offset++] = entry >>> SYMBOL_SHIFT;
    else if ((entry & FAILS) !== 0) return -1;
  }
  return (entry & MAY_END) !== 0 ? offset : -1;
}

/** States are the 256 inner nodes of the code tree, the root being 0. */
function buildTransitions(): Uint32Array {
  // children[2 * node + bit]: an inner node, or ~symbol for a leaf.
  const children = new Int32Array(2 * 256);
  const mayEnd = new Uint8Array(256);
  let nodes = 1;
  for (let symbol = 0; symbol <= HUFFMAN_EOS; symbol++) {
    const code = HUFFMAN_CODES[symbol]!;
    let node = 0;
    for (let bit = HUFFMAN_LENGTHS[symbol]! - 1; bit > 0; bit--) {
      const child = 2 * node + ((code >>> bit) & 1);
      if (children[child] === 0) children[child] = nodes++;
      node = children[child]!;
    }
    children[2 * node + (code & 1)] = ~symbol;
  }
  // EOS is all ones, and at most 7 bits of it may pad the last octet.
  for (let node = 0, depth = 0; depth <= 7; depth++, node = children[2 * node + 1]!) mayEnd[node] = 1;

  const transitions = new Uint32Array(256 * 16);
  for (let state = 0; state < 256; state++) {
    for (let bits = 0; bits < 16; bits++)
      transitions[state * 16 + bits] = step(children, mayEnd, state, bits);
  }
  return transitions;
}

function step(children: Int32Array, mayEnd: Uint8Array, state: number, bits: number): number {
  let node = state;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = children[2 * node + ((bits >>> bit) & 1)]!;
    if (child >= 0) {
      node = child;
      continue;
    }
    // "A Huffman-encoded string literal containing the EOS symbol MUST be treated as a decoding error."
    if (~child === HUFFMAN_EOS) return FAILS;
    emitted = EMITS | (~child << SYMBOL_SHIFT);
    node = 0;
  }
  return emitted | node | (mayEnd[node] === 1 ? MAY_END : 0);
}
