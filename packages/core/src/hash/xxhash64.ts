import type { Hash64 } from './hash64.js';
import { Uint64 } from './uint64.js';

// The primes of XXH64 in halves.
const P1H = 0x9e3779b1;
const P1L = 0x85ebca87;
const P2H = 0xc2b2ae3d;
const P2L = 0x27d4eb4f;
const P3H = 0x165667b1;
const P3L = 0x9e3779f9;
const P4H = 0x85ebca77;
const P4L = 0xc2b2ae63;
const P5H = 0x27d4eb2f;
const P5L = 0x165667c5;

const hash = new Uint64();
const lane = new Uint64();
const lanes = [new Uint64(), new Uint64(), new Uint64(), new Uint64()] as const;

/**
 * XXH64 (Yann Collet's specification, version 0.1.1) of a text whose characters are bytes, as header values
 * are here; of any other only the low eight bits count.
 *
 * @param seed any integer of 32 bits; default 0
 */
export function xxHash64(text: string, seed = 0): Hash64 {
  const { length } = text;
  let at = 0;
  if (length >= 32) {
    at = consumeStripes(text, seed);
  } else {
    hash.set(0, seed).add(P5H, P5L);
  }
  hash.add(0, length);
  for (; at + 8 <= length; at += 8) {
    mix(lane.set(0, 0), read32(text, at + 4), read32(text, at));
    hash.xor(lane.high, lane.low).rotateLeft(27).multiply(P1H, P1L).add(P4H, P4L);
  }
  if (at + 4 <= length) {
    lane.set(0, read32(text, at)).multiply(P1H, P1L);
    hash.xor(lane.high, lane.low).rotateLeft(23).multiply(P2H, P2L).add(P3H, P3L);
    at += 4;
  }
  for (; at < length; at++) {
    lane.set(0, text.charCodeAt(at) & 0xff).multiply(P5H, P5L);
    hash.xor(lane.high, lane.low).rotateLeft(11).multiply(P1H, P1L);
  }
  hash.xorShiftRight(33).multiply(P2H, P2L).xorShiftRight(29).multiply(P3H, P3L).xorShiftRight(32);
  return { high: hash.high >>> 0, low: hash.low >>> 0 };
}

/** Takes in all whole stripes of 32 bytes and says where they end. */
function consumeStripes(text: string, seed: number): number {
  const [first, second, third, fourth] = lanes;
  first.set(0, seed).add(P1H, P1L).add(P2H, P2L);
  second.set(0, seed).add(P2H, P2L);
  third.set(0, seed);
  // Minus the first prime: plus its complement plus one.
  fourth.set(0, seed).add(~P1H, ~P1L).add(0, 1);
  let at = 0;
  for (; at + 32 <= text.length; at += 32) {
    for (let index = 0; index < 4; index++) {
      mix(lanes[index]!, read32(text, at + 8 * index + 4), read32(text, at + 8 * index));
    }
  }
  hash.set(0, 0);
  for (let index = 0; index < 4; index++) {
    lane.set(lanes[index]!.high, lanes[index]!.low).rotateLeft([1, 7, 12, 18][index]!);
    hash.add(lane.high, lane.low);
  }
  for (const { high, low } of lanes) {
    mix(lane.set(0, 0), high, low);
    hash.xor(lane.high, lane.low).multiply(P1H, P1L).add(P4H, P4L);
  }
  return at;
}

const product = new Uint64();

/** One round: `lane = rotate(lane + input * P2, 31) * P1`. */
function mix(into: Uint64, high: number, low: number): void {
  product.set(high, low).multiply(P2H, P2L);
  into.add(product.high, product.low).rotateLeft(31).multiply(P1H, P1L);
}

/** Four bytes, the lowest first. */
function read32(text: string, at: number): number {
  return (
    (text.charCodeAt(at) & 0xff) |
    ((text.charCodeAt(at + 1) & 0xff) << 8) |
    ((text.charCodeAt(at + 2) & 0xff) << 16) |
    (text.charCodeAt(at + 3) << 24)
  );
}
