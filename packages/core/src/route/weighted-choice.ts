import type { Random } from '../random.js';

/** One of several in proportion to whole weights (Envoy `WeightedCluster`); drawn afresh for each request. */
export class WeightedChoice<T> {
  readonly #choices: readonly { readonly item: T; readonly upTo: number }[];
  readonly #total: number;

  /** @throws {RangeError} when a weight is no integer of at least 0, or their sum is not in 1..2^32 */
  constructor(weighted: readonly { readonly item: T; readonly weight: number }[]) {
    let total = 0;
    this.#choices = weighted.map(({ item, weight }) => {
      if (!Number.isInteger(weight) || weight < 0) {
        throw new RangeError(`a weight must be an integer of at least 0, not ${weight}`);
      }
      total += weight;
      return { item, upTo: total };
    });
    if (total < 1 || total > 2 ** 32) {
      throw new RangeError(`the sum of the weights must be between 1 and 2^32, not ${total}`);
    }
    this.#total = total;
  }

  draw(random: Random): T {
    const point = random.int(this.#total);
    let index = 0;
    while (point >= this.#choices[index]!.upTo) index += 1;
    return this.#choices[index]!.item;
  }
}
