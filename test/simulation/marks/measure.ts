import assert from 'node:assert/strict';
import { merged, type Outcome, runJob } from '../run/outcome.js';

/** Short, but with the ten seconds that weighted round robin needs before it has weights. */
const MEASURE_MS = 5_000;

export function run(
  policy: string,
  level: number,
  fleet = 'testbed',
  seeds: readonly number[] = [1],
): Outcome {
  const warmUpMs = policy === 'weighted_round_robin' ? 12_000 : 4_000;
  const job = { scenario: 'ramp', fleet, policy, level, measureMs: MEASURE_MS, warmUpMs };
  return merged(seeds.map((seed) => runJob({ ...job, seed })));
}

export const quantile = (outcome: Outcome, q: number): number => outcome.latencies.quantile(q);
export const p99 = (outcome: Outcome): number => quantile(outcome, 0.99);
export const p999 = (outcome: Outcome): number => quantile(outcome, 0.999);

export function assertFalls(values: readonly (readonly [name: string, value: number])[]): void {
  const words = values.map(([name, value]) => `${name} ${value.toFixed(0)}`).join(', ');
  for (let at = 1; at < values.length; at++) assert.ok(values[at - 1]![1] > values[at]![1], words);
}

/** Share of the calls that go to whom the scenario is about, from a second after it began. */
export function markedShare(scenario: string, policy: string, from: number, to: number): number {
  const during = runJob({ scenario, policy, seed: 1 }).steps.slice(from, to);
  const calls = during.reduce((sum, step) => sum + step.calls, 0);
  return during.reduce((sum, step) => sum + step.marked, 0) / calls;
}
