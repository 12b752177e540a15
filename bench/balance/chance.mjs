/** Numbers from 0 to 1 that are the same each time for the same seed (mulberry32). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normal with a deviation as large as the mean, cut off at 0, as the paper has it; its mean is then 1.083 times that. */
export const CLIPPED_MEAN = 1.0833;

export function clippedNormal(next, mean) {
  const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return Math.max(0, mean * (1 + normal));
}

export const exponential = (next, mean) => -mean * Math.log(1 - next());
