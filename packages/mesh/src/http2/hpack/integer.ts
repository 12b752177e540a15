/** Largest integer that is accepted. RFC 7541 5.1 leaves the limit to the implementation. */
export const MAX_INTEGER = 0x7fff_ffff;

/** Octets of the longest integer that `encodeInteger` writes. */
export const MAX_INTEGER_BYTES = 6;

/** Continuation octets after which an integer, however it is padded with zeros, is refused. */
const MAX_CONTINUATION_BYTES = 5;

/**
 * Decodes integers that do not fit into their prefix. RFC 7541 5.1. An object, since it has two results: the
 * value is returned, and `offset` tells where it ends.
 */
export class IntegerDecoder {
  /** Offset after the integer decoded last. */
  offset = 0;

  /**
   * The integer whose prefix, all ones, has the value `prefixMax`, and whose continuation begins at
   * `input[offset]`. Returns -1 if it reaches `end` or exceeds MAX_INTEGER.
   */
  decode(input: Uint8Array, offset: number, end: number, prefixMax: number): number {
    let value = prefixMax;
    let scale = 1;
    for (let i = 0; i < MAX_CONTINUATION_BYTES; i++) {
      if (offset >= end) return -1;
      const octet = input[offset++]!;
      value += (octet & 0x7f) * scale;
      if (value > MAX_INTEGER) return -1;
      if (octet < 0x80) {
        this.offset = offset;
        return value;
      }
      scale *= 0x80;
    }
    return -1;
  }
}

/**
 * Writes `value`, up to MAX_INTEGER, with a prefix of `prefixBits` bits at `out[offset]`; `flags` are the bits
 * above the prefix. Takes at most MAX_INTEGER_BYTES. Returns the offset after it. RFC 7541 5.1.
 */
export function encodeInteger(
  value: number,
  prefixBits: number,
  flags: number,
  out: Uint8Array,
  offset: number,
): number {
  const prefixMax = (1 << prefixBits) - 1;
  if (value < prefixMax) {
    out[offset] = flags | value;
    return offset + 1;
  }
  out[offset++] = flags | prefixMax;
  let rest = value - prefixMax;
  while (rest >= 0x80) {
    out[offset++] = rest | 0x80;
    rest >>>= 7;
  }
  out[offset] = rest;
  return offset + 1;
}
