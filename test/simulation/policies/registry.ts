import { type BalancerPolicy, createBalancer } from '@weir/core';
import { LeastLoadedBalancer } from './least-loaded.js';
import type { Policy, PolicyContext } from './policy.js';
import { PolledChoiceBalancer } from './polled-choice.js';
import { tolerantScore, c3Score, hotColdScore, linearScore, ProbePoolBalancer } from './probe-pool.js';

const POLL_MS = 500;

/** A policy of the product, as it is. */
function ours(title: string, policy: BalancerPolicy, readsReports = false): Omit<Policy, 'name'> {
  const create: Policy['create'] = ({ random, clock, probes }) =>
    createBalancer(policy, random, clock, probes);
  return { title, readsReports, create };
}

/** A policy of the literature that the product has not. */
function theirs(title: string, create: Policy['create'], readsReports = false): Omit<Policy, 'name'> {
  return { title, readsReports, create };
}

/** Settings as in `prequal:poolSize=8,hotQuantile=0.9`. */
function settingsOf(words: string): Record<string, number> {
  const settings: Record<string, number> = {};
  for (const word of words.split(',').filter(Boolean)) {
    const [name = '', value] = word.split('=');
    settings[name] = Number(value);
  }
  return settings;
}

const policies: Readonly<Record<string, (parameters: string) => Omit<Policy, 'name'>>> = {
  random: () => ours('random', { name: 'random' }),
  round_robin: () => ours('round robin', { name: 'round_robin' }),
  weighted_round_robin: () => ours('weighted RR (ORCA)', { name: 'weighted_round_robin' }, true),
  go_zero_p2c: () => ours('go-zero P2C', { name: 'go_zero_p2c' }),
  least_request: () =>
    ours('least request (2)', { name: 'least_request', choiceCount: 2, activeRequestBias: 1 }),
  p2c_ewma: (words) => ours(`P2C peak EWMA${suffix(words)}`, { name: 'p2c_ewma', ...settingsOf(words) }),
  prequal: (words) => ours(`Prequal${suffix(words)}`, { name: 'prequal', ...settingsOf(words) }),
  prequal_sync: () => ours('Prequal, sync', { name: 'prequal', mode: 'sync' }),
  least_loaded: () => theirs('least loaded', ({ random }) => new LeastLoadedBalancer(random)),
  polled_choice: () =>
    theirs('Po2C, polled RIF', ({ random, clock, probes }) => {
      return new PolledChoiceBalancer(POLL_MS, random, clock, probes);
    }),
  prequal_published: () => theirs('Prequal as published', (context) => fromPool(hotColdScore, context)),
  tolerant: (t) => theirs('tolerant', (context) => fromPool(tolerantScore(Number(t)), context)),
  c3: () => theirs('C3', (context) => fromPool(c3Score, context), true),
  linear: (lambda) =>
    theirs(`linear, λ = ${lambda}`, (context) => fromPool(linearScore(Number(lambda)), context)),
};

function fromPool(
  score: typeof c3Score,
  { random, clock, probes, callers }: PolicyContext,
): ProbePoolBalancer {
  return new ProbePoolBalancer(score, callers, random, clock, probes);
}

function suffix(words: string): string {
  return words === '' ? '' : `, ${words.replaceAll('=', ' ')}`;
}

/**
 * The policy with this name; some take a number or settings, as in `linear:0.5` or `prequal:poolSize=8`.
 *
 * @throws {RangeError} when there is none
 */
export function policyNamed(name: string): Policy {
  const [kind = '', ...parameters] = name.split(':');
  const make = policies[kind];
  if (make === undefined) {
    throw new RangeError(`no policy ${kind}; there are: ${Object.keys(policies).join(', ')}`);
  }
  return { name, ...make(parameters.join(':')) };
}
