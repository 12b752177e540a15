import { FIELD_INVALID, fieldName } from './field-name.js';
import { LiteralCache } from './literal-cache.js';

export {
  FIELD_AUTHORITY,
  FIELD_CONNECTION_SPECIFIC,
  FIELD_CONTENT_LENGTH,
  FIELD_COOKIE,
  FIELD_HOST,
  FIELD_INVALID,
  FIELD_METHOD,
  FIELD_PATH,
  FIELD_REGULAR,
  FIELD_SCHEME,
  FIELD_STATUS,
  FIELD_TE,
  FIELD_UNKNOWN_PSEUDO,
} from './field-name.js';

/** Longer names or values are neither interned nor cached: they would cost memory and seldom repeat. */
export const MAX_INTERNED_CHARS = 256;

const DEFAULT_MAX_INTERNED = 4096;

let lastId = 0;

/**
 * One header field, immutable and meant to be shared: everything the hot path wants to know about it is
 * worked out once, here. Strings are latin1: one character is one octet on the wire.
 */
export class HeaderField {
  readonly name: string;
  readonly value: string;
  /** Octets of name and value plus 32, as RFC 7541 4.1 and RFC 9113 6.5.2 count them. */
  readonly size: number;
  /** Never indexed: an intermediary must pass it on in that representation. RFC 7541 6.2.3. */
  readonly sensitive: boolean;
  /** What the field is to the checks of RFC 9113 8.2 and 8.3: one of the FIELD_ constants. */
  readonly kind: number;
  /** Index of the static table entry with this name and value; 0 if there is none or it is sensitive. */
  readonly staticIndex: number;
  /** Index of a static table entry with this name; 0 if there is none. */
  readonly staticNameIndex: number;
  /** The value tends to differ from message to message, so encoders do not index it. */
  readonly volatile: boolean;
  /** Tells objects apart cheaply: consecutive numbers, repeating after 2^30 objects. */
  readonly id: number;

  constructor(name: string, value: string, sensitive = false) {
    const known = fieldName(name);
    this.name = name;
    this.value = value;
    this.size = name.length + value.length + 32;
    this.sensitive = sensitive;
    this.kind = isFieldValue(value) ? known.kind : FIELD_INVALID;
    this.staticIndex = sensitive ? 0 : (known.staticValues?.get(value) ?? 0);
    this.staticNameIndex = known.staticIndex;
    this.volatile = known.volatile;
    this.id = lastId = (lastId + 1) & 0x3fffffff;
  }
}

/**
 * RFC 9113 8.2.1: "A field value MUST NOT contain the zero value (ASCII NUL, 0x00), line feed (ASCII LF, 0x0a),
 * or carriage return (ASCII CR, 0x0d) at any position" and "MUST NOT start or end with an ASCII whitespace
 * character (ASCII SP or HTAB, 0x20 or 0x09)".
 */
function isFieldValue(value: string): boolean {
  const length = value.length;
  if (length === 0) return true;
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(length - 1))) return false;
  for (let i = 0; i < length; i++) {
    const c = value.charCodeAt(i);
    if (c <= 0x0d ? c === 0x00 || c === 0x0a || c === 0x0d : c > 0xff) return false;
  }
  return true;
}

function isBlank(char: number): boolean {
  return char === 0x20 || char === 0x09;
}

/**
 * Gives every connection of the process the same object for the same name and value, so that encoders can
 * know a field by identity. Bounded: two generations of half of `maxEntries`; when the younger is full the
 * older is forgotten, and a field in use moves to the younger, so what repeats stays.
 */
export class FieldInterner {
  /** Fields by the octets that encoded them, for decoders. */
  readonly literals = new LiteralCache<HeaderField>();
  readonly #maxPerGeneration: number;
  #young = new Map<string, Map<string, HeaderField>>();
  #old = new Map<string, Map<string, HeaderField>>();
  #youngCount = 0;

  /** `maxEntries` defaults to 4096 fields. */
  constructor(maxEntries: number = DEFAULT_MAX_INTERNED) {
    this.#maxPerGeneration = Math.max(1, maxEntries >>> 1);
  }

  /**
   * The shared field of that name and value, never a sensitive one. A name or value longer than
   * MAX_INTERNED_CHARS gets an object of its own each time.
   */
  intern(name: string, value: string): HeaderField {
    if (name.length > MAX_INTERNED_CHARS || value.length > MAX_INTERNED_CHARS)
      return new HeaderField(name, value);
    let values = this.#young.get(name);
    const known = values?.get(value);
    if (known !== undefined) return known;
    const field = this.#old.get(name)?.get(value) ?? new HeaderField(name, value);
    if (this.#youngCount >= this.#maxPerGeneration) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCount = 0;
      values = undefined;
    }
    if (values === undefined) {
      values = new Map();
      this.#young.set(name, values);
    }
    values.set(value, field);
    this.#youngCount++;
    return field;
  }
}
