/** HPACK representations as bytes (RFC 7541 section 6), each one chosen by the caller. There is no table. */

export type FieldLine = readonly [name: string, value: string];

/** RFC 7541 5.1: an integer behind `pattern`, in the low `prefixBits` of the first octet and as many as it takes. */
export function integer(pattern: number, prefixBits: number, value: number): Buffer {
  const max = 2 ** prefixBits - 1;
  if (value < max) return Buffer.of(pattern | value);
  const octets = [pattern | max];
  let rest = value - max;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 0x80);
  octets.push(rest);
  return Buffer.from(octets);
}

/** RFC 7541 5.2, without Huffman coding. */
export function text(value: string): Buffer {
  const octets = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(0, 7, octets.length), octets]);
}

/** RFC 7541 6.1. */
export function indexed(index: number): Buffer {
  return integer(0x80, 7, index);
}

/** RFC 7541 6.2.1, new name. */
export function indexing([name, value]: FieldLine): Buffer {
  return Buffer.concat([Buffer.of(0x40), text(name), text(value)]);
}

/** RFC 7541 6.2.2, new name. */
export function literal([name, value]: FieldLine): Buffer {
  return Buffer.concat([Buffer.of(0x00), text(name), text(value)]);
}

/** RFC 7541 6.2.3, new name. */
export function neverIndexed([name, value]: FieldLine): Buffer {
  return Buffer.concat([Buffer.of(0x10), text(name), text(value)]);
}

/** RFC 7541 6.3. */
export function sizeUpdate(bytes: number): Buffer {
  return integer(0x20, 5, bytes);
}

/** A header block of literals without indexing. */
export function block(...fields: readonly FieldLine[]): Buffer {
  return Buffer.concat(fields.map(literal));
}
