import { disturbed } from '../scenarios/registry.js';
import { drawFleets, drawRamp } from './quantile-plots.js';
import type { PartResult } from './results.js';
import { drawScenario } from './scenario-plot.js';
import { drawShares } from './share-plot.js';
import { drawSweep, type SweepPlot } from './sweep-plot.js';

const DEADLINE_MS = 5_000;

const sweeps: Readonly<Record<string, Omit<SweepPlot, 'points'>>> = {
  'sweep-qrif': {
    title: 'Q_RIF: from which requests in flight on a replica is hot',
    subtitle:
      'Prequal; half of the replicas need twice as long; load 1.0. 0: only requests in flight count, 1: only latency',
    xTitle: 'Q_RIF',
    usual: 0.84,
    evenly: true,
  },
  'sweep-lambda': {
    title: 'Linear rule: (1 - λ) · latency + λ · 75 ms · RIF',
    subtitle: 'Prequal’s pool of probes under another rule; load 0.9',
    xTitle: 'λ',
    evenly: true,
  },
  'sweep-probes': {
    title: 'Probes per call',
    subtitle: 'Prequal; load 1.27',
    xTitle: 'r_probe',
    usual: 3,
    evenly: false,
  },
  'sweep-pool': {
    title: 'Size of the pool',
    subtitle: 'Prequal; load 1.27',
    xTitle: 'm',
    usual: 16,
    evenly: true,
  },
};

const ramps: Readonly<Record<string, readonly [title: string, words: string]>> = {
  'ramp-node': ['Load ramp, single threads', '100 single-threaded servers, 100 callers'],
  'ramp-wide': ['Load ramp, wide replicas', '30 servers of 16 cores each, 30 callers'],
};

const fleetTitles: Readonly<Record<string, string>> = {
  'testbed-10x1': '10 servers, 1 caller',
  'testbed-10x8': '10 servers, 8 callers',
  'node-10x1': '10 single threads, 1 caller',
  'node-10x8': '10 single threads, 8 callers',
};

/** The plot of a part. */
export function plotOf({ part, points, seeds }: PartResult): string {
  const scenario = disturbed.find(({ name }) => name === part);
  if (scenario !== undefined) return drawScenario(scenario, points);
  const sweep = sweeps[part];
  if (sweep !== undefined) return drawSweep({ ...sweep, points });
  if (part === 'shares') {
    const words = 'Load 1.0; 100 replicas of which every other needs twice as long; 100 callers';
    return drawShares('Share of each pod', words, points, (replica) => replica % 2 === 1);
  }
  if (part === 'ramp-small') {
    const fleets = Object.entries(fleetTitles).map(([group, title]) => ({
      title,
      points: points.filter((point) => point.group === group),
    }));
    return drawFleets(
      'Load ramp, small meshes',
      `Latency over load; ${seeds} seeds per point`,
      fleets,
      DEADLINE_MS,
    );
  }
  const shown = points.filter(({ policy }) => part !== 'rules' || policy !== 'random');
  const [title, words] = ramps[part] ?? ['Load ramp', '100 servers, 100 callers'];
  return drawRamp(title, `${words}; ${seeds} seeds per point; bars: 90 % intervals`, shown, DEADLINE_MS);
}
