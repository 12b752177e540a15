import { DynamicTable } from './dynamic-table.js';
import type { HeaderField } from './header-field.js';

const IDENTITY_SLOTS = 128;
const MIN_ENTRY_BYTES = 32;

/**
 * The encoder's dynamic table and the ways to find a field in it: by identity for fields seen before, by name
 * and value for any. Entries are known by their absolute number, 0 meaning none.
 */
export class EncoderTable {
  readonly #table: DynamicTable;
  // Direct-mapped by HeaderField.id: the object last looked up there, and its entry's number. What an eviction
  // makes stale is told by the number, so nothing needs to be cleaned up.
  readonly #identities: (HeaderField | undefined)[] = new Array<HeaderField | undefined>(IDENTITY_SLOTS).fill(
    undefined,
  );
  readonly #identityNumbers = new Float64Array(IDENTITY_SLOTS);
  /** Newest entry of each name in the table. */
  readonly #newestByName = new Map<string, number>();
  /** Next older entry of the same name, by number modulo the greatest possible length of the table. */
  readonly #olderOfSameName: Float64Array;
  readonly #mask: number;

  /** `maxBytes` is the size to begin with, never more than `limitBytes`. */
  constructor(maxBytes: number, limitBytes: number) {
    this.#table = new DynamicTable(maxBytes);
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, limitBytes / MIN_ENTRY_BYTES)));
    this.#olderOfSameName = new Float64Array(slots);
    this.#mask = slots - 1;
  }

  get maxBytes(): number {
    return this.#table.maxBytes;
  }

  /** The sliding index, from 0 for the newest, of the entry with this number. */
  indexOf(number: number): number {
    return this.#table.inserted - number;
  }

  /** Number of the entry that this very object was last found to be; 0 if that is unknown or gone. */
  findIdentity(field: HeaderField): number {
    const slot = field.id & (IDENTITY_SLOTS - 1);
    if (this.#identities[slot] !== field) return 0;
    const number = this.#identityNumbers[slot]!;
    return number > this.#table.evicted ? number : 0;
  }

  /** Number of the newest entry with the field's name and value, which is remembered for `findIdentity`. */
  findEqual(field: HeaderField): number {
    const table = this.#table;
    let number = this.#newestByName.get(field.name) ?? 0;
    while (number > table.evicted && table.atNumber(number).value !== field.value) {
      number = this.#olderOfSameName[number & this.#mask]!;
    }
    if (number <= table.evicted) return 0;
    this.#remember(field, number);
    return number;
  }

  /** Number of the newest entry with this name. */
  findName(name: string): number {
    return this.#newestByName.get(name) ?? 0;
  }

  /** Adds a field, which must not be larger than the table, and evicts what is in its way. */
  insert(field: HeaderField): void {
    const table = this.#table;
    while (table.bytes + field.size > table.maxBytes) this.#evictOldest();
    table.insert(field);
    const number = table.inserted;
    this.#olderOfSameName[number & this.#mask] = this.#newestByName.get(field.name) ?? 0;
    this.#newestByName.set(field.name, number);
    this.#remember(field, number);
  }

  /** Changes the size, and evicts what no longer fits. */
  resize(maxBytes: number): void {
    this.#table.setMaxBytes(maxBytes);
    while (this.#table.bytes > maxBytes) this.#evictOldest();
  }

  #remember(field: HeaderField, number: number): void {
    const slot = field.id & (IDENTITY_SLOTS - 1);
    this.#identities[slot] = field;
    this.#identityNumbers[slot] = number;
  }

  #evictOldest(): void {
    const { name } = this.#table.evictOldest();
    if (this.#newestByName.get(name) === this.#table.evicted) this.#newestByName.delete(name);
  }
}
