/** How many calls each pod answered; only pods that answered at least one. */
export type Tally = ReadonlyMap<string, number>;

/** Counts names. */
export function tally(names: Iterable<string>): Tally {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Calls in all. */
export function total(counts: Tally): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/**
 * How evenly the pods were used: the mean as a percentage of the busiest. 100 is even, 100 / `pods` is all on
 * one.
 *
 * @param pods how many pods there were, with those that answered nothing.
 * @returns 0 when there was no call.
 */
export function evennessPercent(counts: Tally, pods: number): number {
  const most = Math.max(0, ...counts.values());
  return most === 0 ? 0 : (100 * total(counts)) / pods / most;
}

/** The part of all calls that one pod answered, in percent; 0 when there was no call. */
export function sharePercent(counts: Tally, pod: string): number {
  const all = total(counts);
  return all === 0 ? 0 : (100 * (counts.get(pod) ?? 0)) / all;
}
