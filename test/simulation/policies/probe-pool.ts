import type {
  AttemptFeedback,
  Balancer,
  Clock,
  LoadReport,
  PickContext,
  ProbeSender,
  Random,
} from '@weir/core';
import type { Host } from '../model/caller.js';

/** What a rule for choosing among probed hosts may look at. The lowest score is chosen. */
export interface ProbeView {
  /** Requests in flight that the probe told of, and those that this caller has sent there since. */
  readonly rif: number;
  readonly latencyMs: number;
  /** Averages of what this caller has seen of the host. */
  readonly seen: SeenAverages;
}

interface SeenAverages {
  responseMs: number;
  serviceMs: number;
  queue: number;
  outstanding: number;
}

/**
 * @param callers how many there are
 * @param hotAbove the Q_RIF quantile of what all hosts last said of their requests in flight
 */
export type ScoreRule = (probe: ProbeView, callers: number, hotAbove: number, leastColdMs: number) => number;

/** Hot and cold, but latencies within a tolerance of the least are taken for equal. */
export function tolerantScore(tolerance: number): ScoreRule {
  return ({ rif, latencyMs }, _callers, hotAbove, leastColdMs) => {
    if (rif > hotAbove) return 1e9 + rif;
    return latencyMs <= tolerance * leastColdMs ? rif + latencyMs * 1e-6 : 1e6 + latencyMs;
  };
}

/** Prequal's own rule as published: cold before hot, then the latency of the cold, the requests of the hot. */
export const hotColdScore: ScoreRule = ({ rif, latencyMs }, _callers, hotAbove) =>
  rif > hotAbove ? 1e9 + rif : latencyMs;

/** `(1 - λ) · latency + λ · 75 ms · RIF` (Prequal, section 5.3): 75 ms is what a request takes on an idle core. */
export function linearScore(lambda: number): ScoreRule {
  return ({ rif, latencyMs }) => (1 - lambda) * latencyMs + lambda * 75 * rif;
}

/** C3 (NSDI '15): `R - 1/μ + q̂³ / μ`, with `q̂ = 1 + outstanding · callers + q̄`. */
export const c3Score: ScoreRule = ({ seen }, callers) => {
  const estimate = 1 + seen.outstanding * callers + seen.queue;
  return seen.responseMs - seen.serviceMs + estimate ** 3 * seen.serviceMs;
};

interface Probe extends ProbeView {
  readonly host: Host;
  rif: number;
  readonly receivedMs: number;
  usesLeft: number;
}

/** The testbed's settings (Prequal, section 5). */
const POOL = 16;
const PER_CALL = 3;
const MAX_AGE_MS = 1_000;
const HOT_QUANTILE = 2 ** -0.25;
/** Surplus of uses over what is needed to keep the pool full, δ. */
const SURPLUS = 1;
/** Weight of a new value in C3's averages (Elasticsearch). */
const ALPHA = 0.3;

/**
 * Prequal's pool of probes under another rule than its own: what the paper compares it with. Everything but
 * the rule is as published. Only for comparison.
 */
export class ProbePoolBalancer implements Balancer<Host> {
  readonly name = 'probe_pool';
  readonly #score: ScoreRule;
  readonly #callers: number;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #probes: ProbeSender<Host>;
  readonly #seen = new Map<Host, SeenAverages>();
  #hosts: Host[] = [];
  #pool: Probe[] = [];
  /** Hosts by the requests in flight that they last told of. */
  readonly #distribution = new Int32Array(1024);
  readonly #lastRif = new Map<Host, number>();
  #hotAbove = 0;
  #removesOldest = false;

  constructor(score: ScoreRule, callers: number, random: Random, clock: Clock, probes: ProbeSender<Host>) {
    this.#score = score;
    this.#callers = callers;
    this.#random = random;
    this.#clock = clock;
    this.#probes = probes;
  }

  update(hosts: readonly Host[]): void {
    this.#hosts = hosts.filter(({ endpoint }) => endpoint.health === 'healthy');
    this.#pool = this.#pool.filter(({ host }) => this.#hosts.includes(host));
  }

  pick(_context: PickContext): Host | undefined {
    const nowMs = this.#clock.nowMs();
    const pool = this.#pool;
    // They come in the order of their age.
    while (pool.length > 0 && nowMs - pool[0]!.receivedMs > MAX_AGE_MS) pool.shift();
    this.#hotAbove = this.#quantile();
    const host = pool.length < 2 ? this.#anyHost() : this.#use(this.#best(-1)!);
    this.#removeOne();
    this.#ask();
    if (host !== undefined) this.#seenOf(host).outstanding += 1;
    return host;
  }

  onAttemptEnd(host: Host, { latencyMs, load }: AttemptFeedback): void {
    const seen = this.#seenOf(host);
    seen.outstanding -= 1;
    seen.responseMs = averaged(seen.responseMs, latencyMs);
    if (load === undefined) return;
    seen.serviceMs = averaged(seen.serviceMs, host.serviceMs);
    seen.queue = averaged(seen.queue, load.requestsInFlight ?? 0);
  }

  #anyHost(): Host | undefined {
    return this.#hosts.length === 0 ? undefined : this.#hosts[this.#random.int(this.#hosts.length)];
  }

  /** The probe with the lowest score, or with `sign` 1 the highest. */
  #best(sign: 1 | -1): Probe | undefined {
    let best: Probe | undefined;
    let bestScore = -Infinity;
    let leastColdMs = Infinity;
    for (const { rif, latencyMs } of this.#pool)
      if (rif <= this.#hotAbove && latencyMs < leastColdMs) leastColdMs = latencyMs;
    for (const probe of this.#pool) {
      const score = sign * this.#score(probe, this.#callers, this.#hotAbove, leastColdMs);
      if (score <= bestScore) continue;
      best = probe;
      bestScore = score;
    }
    return best;
  }

  #use(probe: Probe): Host {
    for (const other of this.#pool) if (other.host === probe.host) other.rif += 1;
    probe.usesLeft -= 1;
    if (probe.usesLeft <= 0) this.#pool.splice(this.#pool.indexOf(probe), 1);
    return probe.host;
  }

  #removeOne(): void {
    this.#removesOldest = !this.#removesOldest;
    if (this.#removesOldest) this.#pool.shift();
    else if (this.#pool.length > 0) this.#pool.splice(this.#pool.indexOf(this.#best(1)!), 1);
  }

  #ask(): void {
    const hosts = this.#hosts;
    // The first steps of a shuffle: a draw without replacement.
    for (let drawn = 0; drawn < Math.min(PER_CALL, hosts.length); drawn++) {
      const at = drawn + this.#random.int(hosts.length - drawn);
      const host = hosts[at]!;
      hosts[at] = hosts[drawn]!;
      hosts[drawn] = host;
      this.#probes.probe(host, (report) => this.#received(host, report));
    }
  }

  #received(host: Host, report: LoadReport | undefined): void {
    if (report?.requestsInFlight === undefined) return;
    if (this.#pool.length >= POOL) this.#pool.shift();
    const uses = usesOf(this.#hosts.length);
    const usesLeft = uses === Infinity ? uses : Math.floor(uses) + (this.#random.next() < uses % 1 ? 1 : 0);
    const { requestsInFlight: rif, latencyMs = 0 } = report;
    this.#count(host, Math.min(rif, this.#distribution.length - 1));
    const receivedMs = this.#clock.nowMs();
    this.#pool.push({ host, seen: this.#seenOf(host), rif, latencyMs, receivedMs, usesLeft });
  }

  #count(host: Host, rif: number): void {
    const before = this.#lastRif.get(host);
    if (before !== undefined) this.#distribution[before]! -= 1;
    this.#distribution[rif]! += 1;
    this.#lastRif.set(host, rif);
  }

  #quantile(): number {
    let left = Math.ceil(HOT_QUANTILE * this.#lastRif.size);
    for (let rif = 0; left > 0; rif++) {
      left -= this.#distribution[rif]!;
      if (left <= 0) return rif;
    }
    return 0;
  }

  #seenOf(host: Host): SeenAverages {
    let seen = this.#seen.get(host);
    if (seen === undefined) {
      seen = { responseMs: 0, serviceMs: 0, queue: 0, outstanding: 0 };
      this.#seen.set(host, seen);
    }
    return seen;
  }
}

/**
 * How often a probe is used: `max(1, (1 + δ) / ((1 - m/n) · r_probe - r_remove))`; without limit when probes
 * come more slowly than they are removed, since age removes them then.
 */
function usesOf(hosts: number): number {
  const surplus = (1 - POOL / hosts) * PER_CALL - 1;
  return surplus <= 0 ? Infinity : Math.max(1, (1 + SURPLUS) / surplus);
}

function averaged(average: number, value: number): number {
  return average === 0 ? value : average + ALPHA * (value - average);
}
