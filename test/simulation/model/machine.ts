import { type Random, seededRandom } from '@weir/core';
import { standardNormal } from './work.js';

/** A machine that a replica shares with others. What counts is what is left for the replica. */
export interface MachineSettings {
  /** Cores the replica asked for, and has when everybody wants everything. */
  readonly allocationCores: number;
  /** Size of the machine in such allocations. */
  readonly allocations: number;
  /** At most so many times its allocation can a replica use when nobody else wants it. */
  readonly burst: number;
  readonly antagonists: AntagonistSettings | undefined;
}

/** What others on the machine take: constant for a while, then something else. */
export interface AntagonistSettings {
  /** Share of the machine on average, and its standard deviation, while it is not hot. */
  readonly meanUse: number;
  readonly useDeviation: number;
  /** Share of the time that a machine is hot: the others want all of it. */
  readonly hotShare: number;
  /**
   * On a hot machine a replica has its allocation. One that used more than that lately is hobbled: it has its
   * allocation times something between this and 1, until the next epoch.
   */
  readonly leastHobble: number;
  /** An epoch lasts exponentially; its mean is drawn from this range. */
  readonly shortestMeanEpochMs: number;
  readonly longestMeanEpochMs: number;
}

export interface Epoch {
  readonly durationMs: number;
  readonly cores: number;
  /** Times `cores`, for a replica that used more than its allocation before; 1 when the machine is not hot. */
  readonly hobble: number;
}

/** The machines of Prequal's testbed, as far as it is described. */
export const sharedMachine: MachineSettings = {
  allocationCores: 4,
  allocations: 10,
  burst: 3,
  antagonists: {
    meanUse: 0.73,
    useDeviation: 0.1,
    hotShare: 0.1,
    leastHobble: 0.7,
    shortestMeanEpochMs: 1_000,
    longestMeanEpochMs: 10_000,
  },
};

/** What one machine leaves for the replica, epoch after epoch; the same for the same seed and number. */
export class Machine {
  readonly settings: MachineSettings;
  readonly #random: Random;

  constructor(settings: MachineSettings, seed: number, number: number) {
    this.settings = settings;
    this.#random = seededRandom(Math.imul(seed + 1, 0x9e37_79b1) ^ Math.imul(number + 1, 0x85eb_ca6b));
  }

  /** What comes next. */
  nextEpoch(): Epoch {
    const { allocationCores, allocations, burst, antagonists } = this.settings;
    if (antagonists === undefined) return { durationMs: Infinity, cores: burst * allocationCores, hobble: 1 };
    const random = this.#random;
    const { shortestMeanEpochMs, longestMeanEpochMs } = antagonists;
    // All are drawn whatever the outcome, so that streams of chance stay in step.
    const meanMs = shortestMeanEpochMs + random.next() * (longestMeanEpochMs - shortestMeanEpochMs);
    const durationMs = -meanMs * Math.log(1 - random.next());
    const hot = random.next() < antagonists.hotShare;
    const hobble = antagonists.leastHobble + random.next() * (1 - antagonists.leastHobble);
    const use = antagonists.meanUse + antagonists.useDeviation * standardNormal(random);
    if (hot) return { durationMs, cores: allocationCores, hobble };
    const free = (1 - use) * allocations * allocationCores;
    const cores = Math.min(burst * allocationCores, Math.max(allocationCores, free));
    return { durationMs, cores, hobble: 1 };
  }
}
