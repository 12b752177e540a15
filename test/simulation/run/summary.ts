import { type Random, seededRandom } from '@weir/core';
import { LatencyHistogram } from '../measure/latency-histogram.js';
import { merged, type Outcome, rifQuantile } from './outcome.js';

/** What is kept of the runs of one point: numbers that tables and plots are made from. */
export interface Summary {
  readonly calls: number;
  readonly errorPercent: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  /** 90 % interval of p99 and p99.9 by bootstrap over the seeds. */
  readonly p99Range: readonly [number, number];
  readonly p999Range: readonly [number, number];
  /** Requests in flight that a request meets at its replica. */
  readonly rif99: number;
  readonly rif999: number;
}

const RESAMPLES = 100;

export function summaryOf(outcomes: readonly Outcome[]): Summary {
  const { latencies, calls, errors, rif } = merged(outcomes);
  const histograms = outcomes.map((outcome) => outcome.latencies);
  return {
    calls,
    errorPercent: (100 * errors) / calls,
    p50: latencies.quantile(0.5),
    p90: latencies.quantile(0.9),
    p99: latencies.quantile(0.99),
    p999: latencies.quantile(0.999),
    ...intervals(histograms),
    rif99: rifQuantile(rif, 0.99),
    rif999: rifQuantile(rif, 0.999),
  };
}

/** Seeds differ more than calls do, so whole seeds are drawn again, with replacement. */
function intervals(histograms: readonly LatencyHistogram[]): Pick<Summary, 'p99Range' | 'p999Range'> {
  const random: Random = seededRandom(1);
  const p99: number[] = [];
  const p999: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const all = new LatencyHistogram();
    for (const _ of histograms) all.merge(histograms[random.int(histograms.length)]!);
    p99.push(all.quantile(0.99));
    p999.push(all.quantile(0.999));
  }
  return { p99Range: middleOf(p99), p999Range: middleOf(p999) };
}

function middleOf(values: number[]): [number, number] {
  const sorted = values.sort((a, b) => a - b);
  return [sorted[Math.floor(sorted.length * 0.05)]!, sorted[Math.ceil(sorted.length * 0.95) - 1]!];
}

/** A time line, one value per step. */
export interface TimeLine {
  readonly p99: readonly number[];
  readonly errorPercent: readonly number[];
  readonly markedPercent: readonly number[];
}

export function timeLineOf(outcomes: readonly Outcome[]): TimeLine {
  const { steps } = merged(outcomes);
  return {
    p99: steps.map(({ latencies }) => latencies.quantile(0.99)),
    errorPercent: steps.map(({ errors, calls }) => (100 * errors) / calls),
    markedPercent: steps.map(({ marked, calls }) => (100 * marked) / calls),
  };
}

/** Within this of what it was before, a fleet has recovered. */
const TOLERANCE = 1.25;
/** For so many steps on end, or it was luck. */
const STEADY_STEPS = 3;
const TOLERATED_ERROR_PERCENT = 0.1;
/** What is this share of the worst is as bad: a deadline cuts off many at the same height. */
const NEARLY = 0.8;

/**
 * Steps from the begin of the disturbance until p99 is again within a quarter of what it was before and errors
 * are gone, for three steps on end, after the worst was over; `undefined` when that does not happen.
 */
export function recoverySteps({ p99, errorPercent }: TimeLine, beginStep: number): number | undefined {
  const before = p99.slice(0, beginStep).sort((a, b) => a - b);
  const mostMs = before[before.length >> 1]! * TOLERANCE;
  const isWell = (step: number): boolean =>
    p99[step]! <= mostMs && errorPercent[step]! <= TOLERATED_ERROR_PERCENT;
  const from = Math.max(
    beginStep,
    afterWorst(p99, beginStep, mostMs),
    afterWorst(errorPercent, beginStep, TOLERATED_ERROR_PERCENT),
  );
  for (let step = from; step + STEADY_STEPS <= p99.length; step++) {
    if (Array.from({ length: STEADY_STEPS }, (_, ahead) => step + ahead).every(isWell))
      return step - beginStep;
  }
  return undefined;
}

/** The step after the last that was nearly as bad as the worst; 0 when none was worse than tolerated. */
function afterWorst(values: readonly number[], beginStep: number, tolerated: number): number {
  const worst = Math.max(...values.slice(beginStep));
  if (worst <= tolerated) return 0;
  return values.findLastIndex((value) => value >= NEARLY * worst) + 1;
}
