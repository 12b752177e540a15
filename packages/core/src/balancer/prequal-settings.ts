import { checkSetting, type Partly, withDefaults } from './with-defaults.js';

/** In the paper's words, with its symbols (Wydrowski et al., "Load is not what you should balance", NSDI 2024). */
export interface AllPrequalSettings {
  /**
   * `async` picks from a pool of earlier answers; `sync` asks some hosts for each request and waits, where the
   * caller can hold the request.
   */
  readonly mode: 'async' | 'sync';
  /** Answers in the pool at most, 2 to 64 (m). */
  readonly poolSize: number;
  /** Probes for each request, up to 16, while few requests are in flight (r_probe). */
  readonly probesPerRequest: number;
  /** Probes for each request while many are, so that probing does not add to an overload. */
  readonly leastProbesPerRequest: number;
  /** Up to so many requests in flight from here are few; from ten times as many on they are many. */
  readonly fewInFlight: number;
  /** Probes a second when there are no requests, and beside those of requests. */
  readonly idleProbesPerSecond: number;
  /** No host is probed sooner than this after its last answer, in milliseconds. */
  readonly probeSpacingMs: number;
  /** Answers taken out of the pool for each request, up to 16 (r_remove). */
  readonly removalsPerRequest: number;
  /** How much faster answers shall come than they are used up (delta). */
  readonly delta: number;
  /** A host is hot when it has more requests in flight than this share of all hosts, 0 to 1 (Q_RIF). */
  readonly hotQuantile: number;
  /**
   * Latencies of cold hosts up to this many times the least of them are taken for equal, and the host with the
   * fewest requests in flight has the request; at least 1. What a host says of its latency is a median of a few
   * requests of different sizes: the least of many is mostly luck, and 1, the paper's rule, sends everybody
   * after it.
   */
  readonly latencyTolerance: number;
  /** An older answer is not used, in milliseconds. */
  readonly probeMaxAgeMs: number;
  /** With fewer answers than this the host is drawn at random. */
  readonly leastPool: number;
  /** What a failed request counts as, in milliseconds. */
  readonly penaltyMs: number;
  /** A host has at most this many times its fair share of the requests, if more than four can be chosen from. */
  readonly mostShares: number;
  /** Hosts asked for a request in `sync` mode, 2 to 16 (d); one answer less is waited for. */
  readonly sampleSize: number;
  /** How long `sync` waits for them, in milliseconds. */
  readonly probeTimeoutMs: number;
}

export type PrequalSettings = Partly<AllPrequalSettings>;

/** The paper's, where it has any; the rate under load is prequal-nc's. */
export const defaultPrequal: AllPrequalSettings = {
  mode: 'async',
  poolSize: 16,
  probesPerRequest: 3,
  leastProbesPerRequest: 1,
  fewInFlight: 100,
  idleProbesPerSecond: 10,
  probeSpacingMs: 5,
  removalsPerRequest: 1,
  delta: 1,
  hotQuantile: 2 ** -0.25,
  latencyTolerance: 1.75,
  probeMaxAgeMs: 1_000,
  leastPool: 2,
  penaltyMs: 5_000,
  mostShares: 4,
  sampleSize: 3,
  probeTimeoutMs: 3,
};

const RANGES: { readonly [Name in Exclude<keyof AllPrequalSettings, 'mode'>]: readonly [number, number] } = {
  poolSize: [2, 64],
  probesPerRequest: [0, 16],
  leastProbesPerRequest: [0, 16],
  fewInFlight: [0, 1_000_000],
  idleProbesPerSecond: [0, 1_000],
  probeSpacingMs: [0, 10_000],
  removalsPerRequest: [0, 16],
  delta: [0.001, 1_000],
  hotQuantile: [0, 1],
  latencyTolerance: [1, 1_000],
  probeMaxAgeMs: [1, 60_000],
  leastPool: [1, 64],
  penaltyMs: [0, 3_600_000],
  mostShares: [1, 1_000_000],
  sampleSize: [2, 16],
  probeTimeoutMs: [0.1, 10_000],
};

/** @throws {RangeError} when a setting is out of its range */
export function readPrequalSettings(given: PrequalSettings): AllPrequalSettings {
  const settings = withDefaults(defaultPrequal, given);
  if (settings.mode !== 'async' && settings.mode !== 'sync') {
    throw new RangeError(`prequal: mode must be async or sync, not ${String(settings.mode)}`);
  }
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    checkSetting('prequal', name, settings[name as keyof typeof RANGES], least, most);
  }
  for (const name of ['poolSize', 'sampleSize'] as const) {
    if (!Number.isInteger(settings[name])) {
      throw new RangeError(`prequal: ${name} must be a whole number, not ${settings[name]}`);
    }
  }
  return settings;
}
