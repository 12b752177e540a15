import type { Random } from '@weir/core';

/** Longest input worth trying. */
const MAX_BYTES = 4096;

/** Octets at which decoders take decisions: prefixes full and not full, flags, extremes. */
const TELLING = [
  0, 1, 2, 3, 4, 5, 8, 9, 0x0f, 0x1f, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0x88, 0xbe, 0xc0, 0xfe, 0xff,
];

/** One to four changes to `input`; `other` lends parts of itself. */
export function mutate(input: Buffer, other: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(input);
  for (let changes = 1 + random.int(4); changes > 0; changes--) bytes = change(bytes, other, random);
  return bytes.subarray(0, MAX_BYTES);
}

function change(bytes: Buffer, other: Buffer, random: Random): Buffer {
  const at = random.int(bytes.length + 1);
  const span = 1 + random.int(random.int(4) === 0 ? 64 : 9);
  switch (random.int(9)) {
    case 0:
      if (at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.int(8)), at);
      return bytes;
    case 1:
      if (at < bytes.length) bytes.writeUInt8(TELLING[random.int(TELLING.length)] ?? 0, at);
      return bytes;
    case 2:
      if (at < bytes.length) bytes.writeUInt8((bytes.readUInt8(at) + random.int(9) + 252) & 0xff, at);
      return bytes;
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + span)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + span), bytes.subarray(at)]);
    case 5: {
      const from = random.int(other.length + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + span), bytes.subarray(at)]);
    }
    case 6: {
      const from = random.int(other.length + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from)]);
    }
    case 7:
      return bytes.subarray(0, at);
    default: {
      const noise = Buffer.from(Array.from({ length: span }, () => random.int(256)));
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    }
  }
}

/** Doubles, moves, leaves out or borrows a part as a whole, or changes one inside; the first only inside. */
export function mutateParts(parts: readonly Buffer[], others: readonly Buffer[], random: Random): Buffer {
  const [first = Buffer.alloc(0), ...rest] = parts;
  const at = random.int(rest.length + 1);
  const one = rest[random.int(rest.length + 1)];
  const borrowed = others[1 + random.int(Math.max(1, others.length - 1))];
  switch (random.int(5)) {
    case 0:
      if (one !== undefined) rest.splice(at, 0, one);
      break;
    case 1:
      if (borrowed !== undefined) rest.splice(at, 0, borrowed);
      break;
    case 2:
      rest.splice(at, 1);
      break;
    case 3:
      if (at < rest.length) rest[at] = mutate(rest[at] ?? first, borrowed ?? first, random);
      break;
    default:
      return Buffer.concat([Buffer.of(random.int(64)), first.subarray(1), ...rest]).subarray(0, MAX_BYTES);
  }
  return Buffer.concat([first, ...rest]).subarray(0, MAX_BYTES);
}

/** The same bytes in pieces of random size. */
export function pieces(bytes: Buffer, random: Random): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.int(random.int(2) === 0 ? 3 : 40);
    cut.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return cut;
}
