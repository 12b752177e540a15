import type { World } from '../world.js';

/** One run: a scenario under one policy with one seed. Plain data, so that a worker can be sent it. */
export interface Job {
  readonly scenario: string;
  readonly policy: string;
  readonly seed: number;
  /** Where the scenario has a choice; otherwise its own. */
  readonly fleet?: string;
  readonly level?: number;
  readonly measureMs?: number;
  /** Default 15 s: weighted round robin has no weights for the first ten. */
  readonly warmUpMs?: number;
}

/** Something that happens to a fleet. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What happens, in a sentence. */
  readonly story: string;
  /** Begin and end of the disturbance, in milliseconds from the beginning of the measured time. */
  readonly disturbedMs: readonly [begin: number, end: number] | undefined;
  /** Who is counted apart, for the legend; undefined: nobody. */
  readonly marked: string | undefined;
  /** The fair share of those, in percent; `undefined` when it changes. */
  readonly fairPercent: number | undefined;
  /** A world that is ready to run. */
  build(job: Job): World;
}
