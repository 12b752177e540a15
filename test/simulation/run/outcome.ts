import { LatencyHistogram } from '../measure/latency-histogram.js';
import type { Job } from '../scenarios/scenario.js';
import { scenarioNamed } from '../scenarios/registry.js';

export interface StepOutcome {
  readonly latencies: LatencyHistogram;
  readonly calls: number;
  readonly errors: number;
  readonly marked: number;
}

/** What a run measured; of several runs, all of it together. */
export interface Outcome {
  readonly latencies: LatencyHistogram;
  readonly calls: number;
  readonly errors: number;
  readonly rif: Uint32Array<ArrayBuffer>;
  readonly perReplica: readonly number[];
  readonly steps: readonly StepOutcome[];
}

/** The same without methods, as it crosses from a worker. */
export interface PlainOutcome extends Omit<Outcome, 'latencies' | 'steps'> {
  readonly latencies: Uint32Array<ArrayBuffer>;
  readonly steps: readonly (Omit<StepOutcome, 'latencies'> & {
    readonly latencies: Uint32Array<ArrayBuffer>;
  })[];
}

/** Runs a job to its end, in this thread. */
export function runJob(job: Job): Outcome {
  const { latencies, calls, errors, rif, perReplica, steps } = scenarioNamed(job.scenario).build(job).run();
  return { latencies, calls, errors, rif, perReplica: Array.from(perReplica, (count) => count ?? 0), steps };
}

export function toPlain(outcome: Outcome): PlainOutcome {
  const steps = outcome.steps.map((step) => ({ ...step, latencies: step.latencies.counts }));
  return { ...outcome, latencies: outcome.latencies.counts, steps };
}

export function fromPlain(plain: PlainOutcome): Outcome {
  const steps = plain.steps.map((step) => ({ ...step, latencies: new LatencyHistogram(step.latencies) }));
  return { ...plain, latencies: new LatencyHistogram(plain.latencies), steps };
}

/** Runs of the same scenario under the same policy, with different seeds, taken together. */
export function merged(outcomes: readonly Outcome[]): Outcome {
  const first = outcomes[0];
  if (first === undefined) throw new RangeError('nothing to merge');
  return {
    latencies: mergedHistogram(outcomes.map(({ latencies }) => latencies)),
    calls: sum(outcomes.map(({ calls }) => calls)),
    errors: sum(outcomes.map(({ errors }) => errors)),
    rif: Uint32Array.from(first.rif, (_, at) => sum(outcomes.map(({ rif }) => rif[at]!))),
    perReplica: first.perReplica.map((_, at) => sum(outcomes.map(({ perReplica }) => perReplica[at] ?? 0))),
    steps: first.steps.map((_, at) => {
      const same = outcomes.map(({ steps }) => steps[at]!);
      return {
        latencies: mergedHistogram(same.map(({ latencies }) => latencies)),
        calls: sum(same.map(({ calls }) => calls)),
        errors: sum(same.map(({ errors }) => errors)),
        marked: sum(same.map(({ marked }) => marked)),
      };
    }),
  };
}

/** Requests in flight that a fraction `q` of arriving requests do not exceed. */
export function rifQuantile(rif: Uint32Array, q: number): number {
  let left = Math.ceil(q * sum([...rif]));
  for (let at = 0; at < rif.length; at++) {
    left -= rif[at]!;
    if (left <= 0) return at;
  }
  return NaN;
}

function mergedHistogram(histograms: readonly LatencyHistogram[]): LatencyHistogram {
  const all = new LatencyHistogram();
  for (const one of histograms) all.merge(one);
  return all;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
