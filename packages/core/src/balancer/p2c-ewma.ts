import type { Clock } from '../clock.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { PeakEwma } from '../endpoint/peak-ewma.js';
import { ResultWindow } from '../endpoint/result-window.js';
import type { Random } from '../random.js';
import type { AttemptFeedback } from './attempt-feedback.js';
import type { Balancer, PickContext } from './balancer.js';
import { areEqual, asDescribed, availableHosts, type HostView } from './host-view.js';
import { WeightedDraw } from './weighted-draw.js';
import { checkSetting, type Partly, withDefaults } from './with-defaults.js';

interface AllSettings {
  /** In this time an estimate falls to 1/e, in milliseconds; as in Finagle and Linkerd. */
  readonly decayMs: number;
  /** What an endpoint is taken to need when nothing is known of any; Linkerd's `default_rtt`. */
  readonly seedMs: number;
  /** What a failed request counts as; as in Linkerd's load biaser. */
  readonly penaltyMs: number;
  /** So long an endpoint may be passed over before it is tried again; as in go-zero. */
  readonly starvationMs: number;
}

export type P2cEwmaSettings = Partly<AllSettings>;

export const defaultP2cEwma: AllSettings = {
  decayMs: 10_000,
  seedMs: 30,
  penaltyMs: 5_000,
  starvationMs: 1_000,
};

/** A `grpc-retry-pushback-ms` beyond this counts as this. */
const LONGEST_PUSHBACK_MS = 300_000;
/** A starving endpoint has missed this many times its turn: trying again costs a tenth of a fair share. */
const MISSED_TURNS = 10;
/** The typical latency is an average over about so many answers. */
const TYPICAL_SAMPLES = 100;
const LEAST_MS = 0.001;
/**
 * The first latencies of a host are averaged: who has just started is slow at first, and must not be taken for
 * slow.
 */
const FIRST_SAMPLES = 10;
/**
 * Latencies below this are alike. A timer, a collector or a scheduler adds as much to any of them, and whoever
 * had the bad luck would be passed over for as long as it is remembered.
 */
const NOISE_MS = 5;
/** Equal hosts differ by no more, as a rule: more, and unequal ones get what they cannot bear. */
const ALIKE_FACTOR = 1.25;
/** The gRPC status of a call that its caller gave up. */
const CANCELLED = 1;

/**
 * Power of two choices over peak EWMA: of two random hosts the one where a request would be done sooner, which
 * is `latency * (inFlight + 1)`. The latency is Finagle's and Linkerd's peak EWMA, kept with the host's
 * statistics.
 *
 * Where it departs from them. A failure does not replace the estimate, so that one in a thousand does not shut
 * a host out for a minute; it adds to it what it would cost on average, `share of failures * penaltyMs`, by
 * exact counts. A host nobody has tried yet is taken for a typical one rather than a free one. A host that has
 * lost every comparison for `starvationMs` and ten turns wins one. The first ten latencies of a host are
 * averaged. Of two that are equally busy and alike, which is within a quarter or below 5 ms, the one picked longer
 * ago wins: at little load the differences between equal hosts are noise, and one of them must not be left out for
 * it. With weights, hosts are drawn by them and
 * compared by `latency * (inFlight / share + 1)`, where a share of 1 is that of a host of mean weight. Of two
 * that are equal the one picked longer ago wins, with unequal weights the one drawn first.
 */
export class P2cEwmaBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name = 'p2c_ewma';
  readonly #settings: AllSettings;
  readonly #random: Random;
  readonly #clock: Clock;
  #hosts: readonly Host[] = [];
  #draw: WeightedDraw<Host>;
  /** Share of each host when weights differ. */
  #shares: ReadonlyMap<EndpointState, number> | undefined;
  #picks = 0;
  /** What the hosts that answer need, on average over the latest answers, and when it was learnt. */
  #typicalMs = 0.5;
  #typicalAtMs = 0.5;
  #samples = 0;
  // Results of the methods below: a number that is returned goes to the heap unless the call is inlined.
  #nowMs = 0.5;
  #load = 0.5;
  #strangerMs = 0.5;

  /** @throws {RangeError} when a setting is out of its range */
  constructor(settings: P2cEwmaSettings, random: Random, clock: Clock) {
    this.#settings = withDefaults(defaultP2cEwma, settings);
    for (const name of ['decayMs', 'seedMs', 'penaltyMs', 'starvationMs'] as const) {
      checkSetting(this.name, name, this.#settings[name], 0.001, Number.MAX_SAFE_INTEGER);
    }
    this.#random = random;
    this.#clock = clock;
    this.#draw = new WeightedDraw<Host>([], [], random);
    this.#typicalMs = 0;
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    this.#hosts = availableHosts(hosts, view);
    const weights = this.#hosts.map((host) => view.weightOf(host));
    this.#draw = new WeightedDraw(this.#hosts, weights, this.#random);
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
    this.#shares = areEqual(weights)
      ? undefined
      : new Map(this.#hosts.map((host, index) => [host, weights[index]! / mean]));
    // Hosts may come with the numbers of an earlier balancer; this one's picks must count as later.
    for (const host of hosts) this.#picks = Math.max(this.#picks, host.stats.lastPick);
    if (this.#samples === 0) this.#recallTypical(hosts);
  }

  pick({ excluded }: PickContext): Host | undefined {
    const first = this.#draw.next(excluded);
    if (first === undefined) return undefined;
    const second = this.#draw.nextBut(first, excluded);
    this.#nowMs = this.#clock.nowMs();
    const picked = second === undefined ? first : this.#better(first, second);
    picked.stats.lastPick = ++this.#picks;
    picked.stats.lastPickMs = this.#nowMs;
    return picked;
  }

  onAttemptEnd({ stats }: Host, feedback: AttemptFeedback): void {
    const { decayMs, penaltyMs } = this.#settings;
    const { failed, pushbackMs } = feedback;
    const sampleMs = feedback.latencyMs;
    const nowMs = this.#clock.nowMs();
    this.#nowMs = nowMs;
    const results = (stats.results ??= new ResultWindow());
    results.latestMs = nowMs;
    results.count(failed);
    // Failing fast is no merit, and a call given up would have taken longer: these can only raise it.
    const isLowerBound = failed || feedback.grpcCode === CANCELLED;
    const latency = (stats.latency ??= this.#createLatency(isLowerBound));
    const left = Math.exp(Math.min(0, latency.stampMs - nowMs) / decayMs);
    if (!isLowerBound && latency.samples < FIRST_SAMPLES) {
      latency.samples += 1;
      latency.latencyMs = latency.latencyMs * left * (1 - 1 / latency.samples) + sampleMs / latency.samples;
    } else if (sampleMs > latency.latencyMs * (isLowerBound ? left : 1)) latency.latencyMs = sampleMs;
    else latency.latencyMs = latency.latencyMs * left + (isLowerBound ? 0 : sampleMs * (1 - left));
    latency.penaltyMs = results.failureShare * penaltyMs;
    if (failed && pushbackMs !== undefined && pushbackMs > latency.penaltyMs) {
      latency.penaltyMs = Math.min(pushbackMs, LONGEST_PUSHBACK_MS);
    }
    latency.stampMs = nowMs;
    if (this.#samples < TYPICAL_SAMPLES) this.#samples += 1;
    this.#typicalMs += (latency.latencyMs + latency.penaltyMs - this.#typicalMs) / this.#samples;
    this.#typicalAtMs = nowMs;
  }

  #better(first: Host, second: Host): Host {
    this.#weigh(first);
    const a = this.#load;
    this.#weigh(second);
    const b = this.#load;
    if (a === b || (isAlike(a, b) && this.#isAsBusy(first, second))) {
      const isFirst = this.#shares !== undefined || first.stats.lastPick <= second.stats.lastPick;
      return isFirst ? first : second;
    }
    const winner = a < b ? first : second;
    const loser = a < b ? second : first;
    return this.#isStarving(loser) ? loser : winner;
  }

  /** Finds the load of a host; a look is a sample of 0, as in Finagle. */
  #weigh(host: Host): void {
    const { latency, inFlight } = host.stats;
    const pending = (this.#shares === undefined ? inFlight : inFlight / this.#shares.get(host)!) + 1;
    if (latency === undefined) {
      this.#findStranger();
      this.#load = Math.max(NOISE_MS, this.#strangerMs) * pending;
      return;
    }
    const sinceMs = this.#nowMs - latency.stampMs;
    if (sinceMs > 0) {
      const left = Math.exp(-sinceMs / this.#settings.decayMs);
      latency.latencyMs *= left;
      latency.penaltyMs *= left;
      latency.stampMs = this.#nowMs;
    }
    this.#load = Math.max(NOISE_MS, latency.latencyMs + latency.penaltyMs) * pending;
  }

  #isAsBusy(first: Host, second: Host): boolean {
    return this.#shares === undefined && first.stats.inFlight === second.stats.inFlight;
  }

  #isStarving({ stats }: Host): boolean {
    return (
      this.#picks - stats.lastPick > MISSED_TURNS * this.#hosts.length &&
      this.#nowMs - stats.lastPickMs > this.#settings.starvationMs
    );
  }

  /** The first answer of a host counts in full; a failure says nothing of how fast it is. */
  #createLatency(isLowerBound: boolean): PeakEwma {
    this.#findStranger();
    return new PeakEwma(isLowerBound ? this.#strangerMs : 0, this.#nowMs);
  }

  /** What a host is taken to need that has not answered yet. */
  #findStranger(): void {
    if (this.#samples === 0) {
      this.#strangerMs = this.#settings.seedMs;
      return;
    }
    const left = Math.exp((this.#typicalAtMs - this.#nowMs) / this.#settings.decayMs);
    this.#strangerMs = Math.max(LEAST_MS, this.#typicalMs * left);
  }

  /** A balancer that takes over begins with what the hosts remember. */
  #recallTypical(hosts: readonly Host[]): void {
    const nowMs = this.#clock.nowMs();
    const costs: number[] = [];
    for (const { stats } of hosts) {
      const { latency } = stats;
      if (latency === undefined) continue;
      const left = Math.exp((latency.stampMs - nowMs) / this.#settings.decayMs);
      costs.push((latency.latencyMs + latency.penaltyMs) * left);
    }
    if (costs.length === 0) return;
    this.#samples = 1;
    this.#typicalMs = costs.sort((a, b) => a - b)[costs.length >>> 1]!;
    this.#typicalAtMs = nowMs;
  }
}

function isAlike(a: number, b: number): boolean {
  return a <= ALIKE_FACTOR * b && b <= ALIKE_FACTOR * a;
}
