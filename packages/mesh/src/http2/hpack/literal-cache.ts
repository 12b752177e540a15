const SLOTS = 1024;

/** Octets of an encoded literal that the cache can hold. */
export const MAX_CACHED_LITERAL_BYTES = 128;

/**
 * Header fields by the very octets of their literal representation, so that a literal sent again and again
 * (nghttp2 never indexes `:path`, for one) is Huffman decoded once. Direct-mapped and of fixed size: a newer
 * literal takes the slot of an older one with the same hash.
 *
 * The octets of a key are a value string, or a name string and a value string, each with its length prefix;
 * since these parse in one way only, a key of one sort is never equal to a key of the other.
 */
export class LiteralCache<F extends { readonly name: string }> {
  readonly #fields: (F | undefined)[] = new Array<F | undefined>(SLOTS).fill(undefined);
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #bytes = new Uint8Array(SLOTS * MAX_CACHED_LITERAL_BYTES);
  #slot = 0;

  /**
   * The field last stored for the octets `block[start, end)`, at most MAX_CACHED_LITERAL_BYTES of them.
   * `name` is the name that the representation refers to by index; undefined if the octets spell it.
   */
  find(block: Uint8Array, start: number, end: number, name: string | undefined): F | undefined {
    const slot = hashOf(block, start, end) & (SLOTS - 1);
    this.#slot = slot;
    const field = this.#fields[slot];
    if (field === undefined || this.#lengths[slot] !== end - start) return undefined;
    const bytes = this.#bytes;
    for (let i = start, j = slot * MAX_CACHED_LITERAL_BYTES; i < end; i++, j++) {
      if (block[i] !== bytes[j]) return undefined;
    }
    return name === undefined || field.name === name ? field : undefined;
  }

  /** Stores the field for the octets that `find` was last asked for, and did not find. */
  store(block: Uint8Array, start: number, end: number, field: F): void {
    const slot = this.#slot;
    const bytes = this.#bytes;
    this.#fields[slot] = field;
    this.#lengths[slot] = end - start;
    for (let i = start, j = slot * MAX_CACHED_LITERAL_BYTES; i < end; i++, j++) bytes[j] = block[i]!;
  }
}

/** Four octets at a time, since the multiplications wait for each other. */
function hashOf(block: Uint8Array, start: number, end: number): number {
  let hash = 0;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const word = block[i]! | (block[i + 1]! << 8) | (block[i + 2]! << 16) | (block[i + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ block[i]!, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}
