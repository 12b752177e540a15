import type { HeaderField } from './header-field.js';

const WAYS = 4;
const SETS = 16;

/**
 * Remembers the last few dozen fields that an encoder spelled out, by name and value, to find out which repeat.
 * A stream of ever-changing values passes through without a trace.
 */
export class RecentFields {
  readonly #fields: (HeaderField | undefined)[] = new Array<HeaderField | undefined>(SETS * WAYS).fill(
    undefined,
  );
  #turn = 0;

  /** Whether an equal field was seen of late; if not, it has been now. */
  seen(field: HeaderField): boolean {
    const { name, value, size } = field;
    const first = (mix(name, value) & (SETS - 1)) * WAYS;
    for (let i = first; i < first + WAYS; i++) {
      const other = this.#fields[i];
      if (other === undefined) continue;
      if (other === field || (other.size === size && other.value === value && other.name === name))
        return true;
    }
    this.#turn = (this.#turn + 1) & (WAYS - 1);
    this.#fields[first + this.#turn] = field;
    return false;
  }
}

/** Cheap and good enough to spread fields over the sets: the same for equal fields, whatever the object. */
function mix(name: string, value: string): number {
  const length = value.length;
  let hash = name.length * 31 + length * 7;
  if (length > 0) hash += value.charCodeAt(length - 1) * 5 + value.charCodeAt(length >> 1) * 3;
  return hash ^ (hash >>> 4);
}
