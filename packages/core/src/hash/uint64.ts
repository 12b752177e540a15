/**
 * An unsigned number of 64 bits that is changed in place. Held as two halves, since `BigInt` makes a new
 * object of every result.
 */
export class Uint64 {
  /** Both halves as 32-bit integers, their sign meaning nothing. */
  high = 0;
  low = 0;

  set(high: number, low: number): this {
    this.high = high | 0;
    this.low = low | 0;
    return this;
  }

  add(high: number, low: number): this {
    const sum = (this.low >>> 0) + (low >>> 0);
    this.high = (this.high + high + (sum > 0xffff_ffff ? 1 : 0)) | 0;
    this.low = sum | 0;
    return this;
  }

  xor(high: number, low: number): this {
    this.high ^= high;
    this.low ^= low;
    return this;
  }

  /** The low 64 bits of the product. */
  multiply(high: number, low: number): this {
    const crossed = Math.imul(this.high, low) + Math.imul(this.low, high);
    this.high = (highHalfOfProduct(this.low, low) + crossed) | 0;
    this.low = Math.imul(this.low, low);
    return this;
  }

  /** @param bits 1 to 31 */
  rotateLeft(bits: number): this {
    const { high, low } = this;
    this.high = (high << bits) | (low >>> (32 - bits));
    this.low = (low << bits) | (high >>> (32 - bits));
    return this;
  }

  /** `x ^= x >>> bits`, with `bits` from 1 to 63. */
  xorShiftRight(bits: number): this {
    const { high, low } = this;
    if (bits >= 32) {
      this.low = low ^ (high >>> (bits - 32));
    } else {
      this.high = high ^ (high >>> bits);
      this.low = low ^ ((low >>> bits) | (high << (32 - bits)));
    }
    return this;
  }
}

/** Bits 32 to 63 of the product of two unsigned numbers of 32 bits, in parts that a double holds exactly. */
function highHalfOfProduct(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (carried >>> 16);
}
