import { seededRandom, type Random } from '@weir/core';
import { BlockCoverage } from './block-coverage.js';
import type { FuzzTarget } from './fuzz-target.js';
import { mutate, mutateParts } from './mutate.js';

/** Inputs between two looks at V8's coverage, each of which costs as much as a hundred of them. */
const BATCH = 500;

export interface FuzzReport {
  readonly runs: number;
  readonly seconds: number;
  /** Inputs that showed something new, in the order of their coming; the given ones are not among them. */
  readonly found: readonly Buffer[];
  readonly features: number;
  /** The part of each file's functions that has run, 0 to 1, and of all together. */
  readonly coverage: ReadonlyMap<string, number>;
  readonly overall: number;
  readonly failure?: { readonly input: Buffer; readonly error: unknown };
}

/**
 * Changes inputs at random for `seconds`, and goes on from those that show something new: a feature of the target's own,
 * or a part of the code that had not run. The same seed does the same in the same time.
 */
export function fuzz(
  target: FuzzTarget,
  corpus: readonly Buffer[],
  seconds: number,
  seed: number,
): FuzzReport {
  const random = seededRandom(seed);
  const coverage = new BlockCoverage(target.files);
  const begun = performance.now();
  const end = begun + seconds * 1000;
  const known = new Set<string>();
  const pool: Buffer[] = [];
  const found: Buffer[] = [];
  let batch: Buffer[] = [];
  let runs = 0;

  const report = (failure?: FuzzReport['failure']): FuzzReport => {
    coverage.add();
    const [shares, overall] = [coverage.shares(), coverage.overall()];
    coverage.close();
    const taken = (performance.now() - begun) / 1000;
    const done = { runs, seconds: taken, found, features: known.size, coverage: shares, overall };
    return failure === undefined ? done : { ...done, failure };
  };
  let last: Buffer = Buffer.alloc(0);
  const run = (input: Buffer): boolean => {
    runs++;
    last = input;
    const before = known.size;
    for (const feature of target.run(input, random)) known.add(feature);
    return known.size > before;
  };

  try {
    for (const input of corpus) {
      run(input);
      pool.push(input);
    }
    coverage.add();
    while (performance.now() < end) {
      const input = next(pick(pool, random), pick(pool, random));
      if (run(input)) keep(input);
      else batch.push(input);
      if (batch.length < BATCH) continue;
      if (coverage.peek()) for (const fresh of reaching(batch, run, coverage)) keep(fresh);
      batch = [];
    }
    return report();
  } catch (error) {
    return report({ input: last, error });
  }

  function next(input: Buffer, other: Buffer): Buffer {
    if (random.int(3) === 0) return mutate(input, other, random);
    return mutateParts(target.parts(input), target.parts(other), random);
  }

  function keep(fresh: Buffer): void {
    pool.push(fresh);
    found.push(fresh);
  }
}

/** The shortest inputs that together reach all that `inputs` reach. */
export function distill(target: FuzzTarget, inputs: readonly Buffer[], seed: number): Buffer[] {
  const random = seededRandom(seed);
  const coverage = new BlockCoverage(target.files);
  const sorted = inputs.toSorted((a, b) => a.length - b.length);
  const needed: Buffer[] = [];
  for (let at = 0; at < sorted.length; at += BATCH)
    needed.push(...reaching(sorted.slice(at, at + BATCH), (input) => target.run(input, random), coverage));
  coverage.close();
  return needed;
}

/** Finds by halving which of the inputs reach what none before them has. */
function reaching(
  inputs: readonly Buffer[],
  run: (input: Buffer) => unknown,
  coverage: BlockCoverage,
): Buffer[] {
  for (const input of inputs) run(input);
  if (inputs.length < 2) return coverage.add() ? [...inputs] : [];
  if (!coverage.peek()) return [];
  const middle = inputs.length >> 1;
  return [
    ...reaching(inputs.slice(0, middle), run, coverage),
    ...reaching(inputs.slice(middle), run, coverage),
  ];
}

/** Young inputs more often: they have been tried less. */
function pick(pool: readonly Buffer[], random: Random): Buffer {
  const young =
    random.int(2) === 0 ? pool.length - 1 - random.int(Math.min(pool.length, 20)) : random.int(pool.length);
  return pool[young] ?? Buffer.alloc(0);
}
