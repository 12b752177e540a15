import type { Random } from '@weir/core';

/** Normal(mean, sd = mean), drawn again when it is not positive, in units of its own `mean`. */
const TRUNCATED_MEAN = 1.287_600;
const TRUNCATED_MEDIAN = 1.200_17;

/** How much work a request is: the distribution of Prequal's testbed, by what is measured of it. */
export interface Work {
  /** Core-milliseconds on average. */
  readonly mean: number;
  draw(random: Random): number;
}

/**
 * Work from a normal distribution whose deviation is its mean, cut at 0. Cutting raises the mean to 1.288
 * times the parameter, so that a load reckoned from the parameter would be 29 % too low.
 *
 * @param medianMs what half of the requests need at most, on an idle core
 */
export function truncatedNormal(medianMs: number): Work {
  const parameter = medianMs / TRUNCATED_MEDIAN;
  return {
    mean: parameter * TRUNCATED_MEAN,
    draw: (random) => {
      for (;;) {
        const drawn = parameter * (1 + standardNormal(random));
        if (drawn > 0) return drawn;
      }
    },
  };
}

/** Always the same. */
export function constantWork(milliseconds: number): Work {
  return { mean: milliseconds, draw: () => milliseconds };
}

/** Box and Muller's transform, of which one half is thrown away: a stream of chance stays in step then. */
export function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
