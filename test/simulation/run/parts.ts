import type { Job } from '../scenarios/scenario.js';
import { disturbed } from '../scenarios/registry.js';

/** How much is simulated: seeds per point, and measured time per seed. */
export interface Size {
  readonly seeds: number;
  readonly measureMs: number;
  /** In scenarios of a fixed length. */
  readonly scenarioSeeds: number;
}

/** Enough to see the shape, in about two minutes. */
export const shortSize: Size = { seeds: 2, measureMs: 5_000, scenarioSeeds: 2 };
/** About a million calls per point of the ramp. */
export const fullSize: Size = { seeds: 10, measureMs: 14_000, scenarioSeeds: 10 };

/** One point of a plot: the jobs behind it differ in their seed only. */
export interface Point {
  readonly policy: string;
  /** Fleet or scenario. */
  readonly group: string;
  /** Load level, or the value swept. */
  readonly x: number;
  readonly jobs: readonly Job[];
}

/** A set of points that belong together, and are run and kept together. */
export interface Part {
  readonly name: string;
  points(size: Size): readonly Point[];
}

export const levels: readonly number[] = [0.75, 0.83, 0.93, 1.03, 1.14, 1.27, 1.41, 1.57, 1.74];

/** All that are compared under the ramp. */
export const rampPolicies: readonly string[] = [
  'random',
  'round_robin',
  'weighted_round_robin',
  'least_loaded',
  'least_request',
  'go_zero_p2c',
  'p2c_ewma',
  'polled_choice',
  'linear:0.5',
  'c3',
  'prequal_published',
  'prequal_sync',
  'prequal',
];

/** Those that a user chooses from. */
export const productPolicies: readonly string[] = [
  'round_robin',
  'weighted_round_robin',
  'least_request',
  'go_zero_p2c',
  'p2c_ewma',
  'prequal',
];

function seedsOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function pointsOf(
  fleet: string,
  policies: readonly string[],
  at: readonly number[],
  { seeds, measureMs }: Size,
): Point[] {
  return policies.flatMap((policy) =>
    at.map((level) => ({
      policy,
      group: fleet,
      x: level,
      jobs: seedsOf(seeds).map((seed) => ({ scenario: 'ramp', fleet, level, policy, seed, measureMs })),
    })),
  );
}

const rampPart: Part = { name: 'ramp', points: (size) => pointsOf('testbed', rampPolicies, levels, size) };

/** With many cores a replica hardly queues below its allocation, as on the paper's machines. */
const widePart: Part = {
  name: 'ramp-wide',
  points: ({ seeds, measureMs }) =>
    pointsOf('testbed-wide', ['round_robin', 'weighted_round_robin', 'p2c_ewma', 'prequal'], levels, {
      seeds: Math.ceil(seeds / 4),
      measureMs: measureMs / 2,
      scenarioSeeds: 0,
    }),
};

const nodePart: Part = {
  name: 'ramp-node',
  points: (size) => pointsOf('node', [...productPolicies, 'polled_choice', 'prequal_sync'], levels, size),
};

/** Few calls pass through a small mesh in a second, so it takes more seconds for a tail. */
const smallPart: Part = {
  name: 'ramp-small',
  points: ({ seeds, measureMs }) =>
    ['testbed-10x1', 'testbed-10x8', 'node-10x1', 'node-10x8'].flatMap((fleet) =>
      pointsOf(fleet, productPolicies, levels, { seeds, measureMs: 4 * measureMs, scenarioSeeds: 0 }),
    ),
};

const rulesPart: Part = {
  name: 'rules',
  points: (size) => pointsOf('testbed', rampPolicies, [0.7, 0.9], size),
};

/** A sweep: the same policy with another setting, always under the same load. */
function sweep(
  name: string,
  fleet: string,
  level: number,
  policyOf: (value: number) => string,
  values: readonly number[],
): Part {
  return {
    name,
    points: (size) =>
      values.flatMap((value) =>
        pointsOf(fleet, [policyOf(value)], [level], size).map((point) => ({ ...point, x: value })),
      ),
  };
}

const quantiles = [0, 0.25, 0.5, 0.59, 0.7, 0.84, 0.9, 0.97, 0.99, 0.999, 1];

export const parts: readonly Part[] = [
  rampPart,
  widePart,
  nodePart,
  smallPart,
  rulesPart,
  sweep('sweep-qrif', 'mixed', 1.0, (value) => `prequal:hotQuantile=${value}`, quantiles),
  sweep(
    'sweep-lambda',
    'testbed',
    0.9,
    (value) => `linear:${value}`,
    [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1],
  ),
  sweep(
    'sweep-probes',
    'testbed',
    1.27,
    (value) => `prequal:probesPerRequest=${value}`,
    [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5],
  ),
  sweep(
    'sweep-pool',
    'testbed',
    1.27,
    (value) => `prequal:poolSize=${value}`,
    [2, 3, 4, 6, 8, 12, 16, 24, 32],
  ),
  {
    name: 'shares',
    points: (size) => pointsOf('mixed', productPolicies, [1.0], size),
  },
  ...disturbed.map(({ name }): Part => ({
    name,
    points: ({ scenarioSeeds }) =>
      [...productPolicies, ...(name === 'sinkhole' ? ['prequal_published'] : [])].map((policy) => ({
        policy,
        group: name,
        x: 0,
        jobs: seedsOf(scenarioSeeds).map((seed) => ({ scenario: name, policy, seed })),
      })),
  })),
];
