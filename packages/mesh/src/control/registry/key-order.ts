/** Sorts by key what is mostly the same again: an order that was found is used for as long as the keys are the same. */
export class KeyOrder {
  #keys: readonly string[] = [];
  /** Where in the list each stands that comes next. */
  #order: readonly number[] = [];

  sort<Item extends { readonly key: string }>(items: readonly Item[]): readonly Item[] {
    if (!this.#isKnown(items)) {
      this.#keys = items.map(({ key }) => key);
      const keys = this.#keys;
      this.#order = keys.map((_, index) => index).sort((a, b) => compare(keys[a], keys[b]));
    }
    return this.#order.flatMap((index) => items[index] ?? []);
  }

  #isKnown(items: readonly { readonly key: string }[]): boolean {
    return items.length === this.#keys.length && items.every(({ key }, index) => key === this.#keys[index]);
  }
}

function compare(a = '', b = ''): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
