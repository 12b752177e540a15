import type { Clock } from '../clock.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { ProbeRecord } from '../endpoint/probe-record.js';
import { ResultWindow } from '../endpoint/result-window.js';
import type { LoadReport } from '../load/load-report.js';
import type { Random } from '../random.js';
import type { AttemptFeedback } from './attempt-feedback.js';
import type { Balancer, PickContext } from './balancer.js';
import { asDescribed, availableHosts, type HostView } from './host-view.js';
import { Candidate, failureShareOf, isBetter } from './hot-cold.js';
import { DRAW_STEPS } from './pick-among-left.js';
import { type AllPrequalSettings, type PrequalSettings, readPrequalSettings } from './prequal-settings.js';
import { ProbePool } from './probe-pool.js';
import type { ProbeSender } from './probe-sender.js';
import { ProbedHost } from './probed-host.js';
import { Prober } from './prober.js';
import { RifDistribution } from './rif-distribution.js';
import { ShareCap } from './share-cap.js';
import { SyncPick } from './sync-pick.js';
import { WeightedDraw } from './weighted-draw.js';

/** A host's own words. */
interface Said {
  readonly requestsInFlight: number;
  readonly latencyMs: number;
}

/** Uses of an answer that only age ends. */
const ANY_NUMBER = 2 ** 30;

/**
 * Prequal (Wydrowski et al., NSDI 2024): goes by what the hosts themselves say of their requests in flight and
 * their latency, which they are asked all the time, a few for each request. Of the answers in a small pool the
 * one is used that is cold (its requests in flight are not among the highest of all hosts) and has the least
 * latency; when all are hot, the one with the fewest requests in flight.
 *
 * Beyond the paper. Latencies within `latencyTolerance` of the least count as equal, and requests in flight
 * decide. The pool holds one answer of a host, the latest; reports that come with responses are
 * taken in as well, where there is room for them. A failure counts as a latency of `penaltyMs`, and a host
 * that fails every other request comes last: one that fails fast would look best otherwise. No host has more
 * than `mostShares` of its fair share. Where the pool has room for all hosts, requests take out no more than
 * half of it. With unequal weights, hosts are asked by their weights.
 */
export class PrequalBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name = 'prequal';
  readonly pickAfterProbes: Balancer<Host>['pickAfterProbes'];
  readonly #settings: AllPrequalSettings;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #pool: ProbePool<Host>;
  readonly #distribution: RifDistribution;
  readonly #prober: Prober<Host>;
  readonly #cap: ShareCap;
  readonly #onReply: (probed: ProbedHost<Host>, report: LoadReport | undefined) => void;
  #probed = new Map<EndpointState, ProbedHost<Host>>();
  #draw: WeightedDraw<Host>;
  #picks = 0;
  /** As of the pick that is under way: a number handed on from call to call would go to the heap each time. */
  #nowMs = 0.5;
  /** The least latency among cold hosts, as of the pick that is under way. */
  #leastColdMs = 0.5;
  #removesOldest = true;
  #best = new Candidate();
  #contender = new Candidate();

  /** @throws {RangeError} when a setting is out of its range */
  constructor(settings: PrequalSettings, random: Random, clock: Clock, probes?: ProbeSender<Host>) {
    this.#settings = readPrequalSettings(settings);
    this.#random = random;
    this.#clock = clock;
    this.#distribution = new RifDistribution(this.#settings.hotQuantile);
    this.#pool = new ProbePool(this.#settings.poolSize);
    this.#prober = new Prober(this.#settings, random, clock, probes);
    this.#cap = new ShareCap(this.#settings.mostShares);
    this.#draw = new WeightedDraw<Host>([], [], random);
    this.#onReply = (probed, report) => this.#onAnswer(probed, report);
    const isHeld = this.#settings.mode === 'sync' && probes !== undefined;
    this.pickAfterProbes = isHeld ? (context, onPicked) => this.#ask(context, onPicked) : undefined;
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    const available = availableHosts(hosts, view);
    const weights = available.map((host) => view.weightOf(host));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const before = this.#probed;
    this.#probed = new Map();
    for (const [index, host] of available.entries()) {
      const probed = before.get(host) ?? this.#meet(host);
      probed.share = weights[index]! / total;
      this.#probed.set(host, probed);
      before.delete(host);
    }
    for (const gone of before.values()) this.#forget(gone);
    // Hosts may come with the numbers of an earlier balancer; this one's picks must count as later.
    for (const host of hosts) this.#picks = Math.max(this.#picks, host.stats.lastPick);
    this.#draw = new WeightedDraw(available, weights, this.#random);
    this.#prober.update(this.#probed, this.#draw);
  }

  pick({ excluded }: PickContext): Host | undefined {
    this.#nowMs = this.#clock.nowMs();
    const picked = this.#choose(excluded) ?? this.#draw.next(excluded);
    if (picked === undefined) return undefined;
    this.#count(picked);
    this.#thinOut();
    this.#prober.onRequest(this.#nowMs);
    return picked;
  }

  onAttemptEnd(host: Host, { failed, load }: AttemptFeedback): void {
    (host.stats.results ??= new ResultWindow()).record(failed, this.#clock.nowMs());
    if (load !== undefined) this.onLoadReport(host, load);
  }

  onLoadReport(host: Host, report: LoadReport): void {
    const probed = this.#probed.get(host);
    if (probed === undefined) return;
    // Whoever is picked reports: let that not drive out those who were asked at random.
    const hasRoom = this.#pool.size < this.#pool.capacity || this.#pool.indexOf(probed) >= 0;
    this.#learn(probed, report, hasRoom);
  }

  close(): void {
    this.#prober.close();
  }

  #choose(excluded: ReadonlySet<EndpointState> | undefined): Host | undefined {
    const pool = this.#pool;
    const { probeMaxAgeMs, leastPool } = this.#settings;
    pool.dropBefore(this.#nowMs - probeMaxAgeMs);
    let usable = pool.size;
    if (excluded !== undefined) {
      for (let index = 0; index < pool.size; index++) {
        if (excluded.has(pool.at(index).probed!.host)) usable -= 1;
      }
    }
    if (usable < leastPool) return undefined;
    const hotAbove = this.#distribution.threshold;
    this.#leastColdMs = Infinity;
    for (let index = 0; index < pool.size; index++) {
      const entry = pool.at(index);
      if (excluded !== undefined && excluded.has(entry.probed!.host)) continue;
      this.#judge(this.#contender, entry.probed!.host, entry);
      this.#noteLatency(hotAbove);
    }
    const slowAboveMs = this.#settings.latencyTolerance * this.#leastColdMs;
    let best = -1;
    for (let index = 0; index < pool.size; index++) {
      const entry = pool.at(index);
      const { host } = entry.probed!;
      if (excluded !== undefined && excluded.has(host)) continue;
      if (usable > 4 && this.#cap.isUsedUp(entry.probed!)) continue;
      const contender = this.#contender;
      this.#judge(contender, host, entry);
      if (best >= 0 && !isBetter(contender, this.#best, hotAbove, slowAboveMs)) continue;
      this.#contender = this.#best;
      this.#best = contender;
      best = index;
    }
    return best < 0 ? undefined : pool.at(best).probed!.host;
  }

  /** Takes the host's own words, and what is held against it beside them. */
  #judge(candidate: Candidate, { stats }: Host, said: Said): void {
    candidate.requestsInFlight = said.requestsInFlight;
    candidate.latencyMs = said.latencyMs;
    candidate.isFailing = false;
    if (stats.results === undefined || stats.results.failed === 0) return;
    const share = failureShareOf(stats, this.#nowMs, this.#picks, this.#probed.size);
    candidate.addFailures(share, this.#settings.penaltyMs);
  }

  /** Keeps the least latency of those who are cold and work. */
  #noteLatency(hotAbove: number): void {
    const { requestsInFlight, latencyMs, isFailing } = this.#contender;
    if (isFailing || requestsInFlight > hotAbove || latencyMs >= this.#leastColdMs) return;
    this.#leastColdMs = latencyMs;
  }

  /** Its own requests are the ones that an earlier answer cannot know of. */
  #count(host: Host): void {
    host.stats.lastPick = ++this.#picks;
    host.stats.lastPickMs = this.#nowMs;
    const probed = this.#probed.get(host);
    if (probed === undefined) return;
    this.#cap.use(probed, this.#nowMs);
    const index = this.#pool.indexOf(probed);
    if (index < 0) return;
    const entry = this.#pool.at(index);
    entry.requestsInFlight += 1;
    entry.usesLeft -= 1;
    if (entry.usesLeft <= 0) this.#pool.removeAt(index);
  }

  /** Takes out answers, by turns the oldest and the worst. */
  #thinOut(): void {
    const { removalsPerRequest, leastPool } = this.#settings;
    const hosts = this.#probed.size;
    const least = hosts <= this.#pool.capacity ? Math.ceil(hosts / 2) : leastPool;
    for (let left = this.#rounded(removalsPerRequest); left > 0; left--) {
      if (this.#pool.size <= least) return;
      const index = this.#removesOldest
        ? this.#pool.oldest()
        : this.#pool.worst(this.#distribution.threshold);
      this.#removesOldest = !this.#removesOldest;
      this.#pool.removeAt(index);
    }
  }

  /** How often an answer may be used: more often the fewer there are. */
  #uses(): number {
    const { delta, removalsPerRequest } = this.#settings;
    const fresh = 1 - this.#pool.capacity / this.#probed.size;
    const surplus = fresh * this.#prober.rate - removalsPerRequest;
    return surplus <= 0 ? ANY_NUMBER : this.#rounded(Math.max(1, (1 + delta) / surplus));
  }

  /** A whole number that is this one on average. */
  #rounded(number: number): number {
    const whole = Math.floor(number);
    return (this.#random.int(DRAW_STEPS) < (number - whole) * DRAW_STEPS ? whole + 1 : whole) | 0;
  }

  #meet(host: Host): ProbedHost<Host> {
    const probed = new ProbedHost(host, this.#onReply);
    const { probe } = host.stats;
    if (probe === undefined) return probed;
    probed.requestsInFlight = probe.requestsInFlight;
    this.#distribution.add(probe.requestsInFlight);
    return probed;
  }

  #forget(probed: ProbedHost<Host>): void {
    probed.isCurrent = false;
    if (probed.requestsInFlight >= 0) this.#distribution.remove(probed.requestsInFlight);
    const index = this.#pool.indexOf(probed);
    if (index >= 0) this.#pool.removeAt(index);
  }

  #onAnswer(probed: ProbedHost<Host>, report: LoadReport | undefined): void {
    probed.isAsked = false;
    if (probed.isCurrent && report !== undefined) {
      probed.answeredMs = this.#clock.nowMs();
      this.#learn(probed, report, true);
    }
    if (probed.waiting.length === 0) return;
    for (const onReply of probed.waiting.splice(0)) onReply(report);
  }

  #learn(probed: ProbedHost<Host>, report: LoadReport, isPooled: boolean): void {
    const { requestsInFlight } = report;
    if (requestsInFlight === undefined || !(requestsInFlight >= 0)) return;
    const { stats } = probed.host;
    // A host that has no latency, yet or any more, is not free: it is taken for one of the others. What it said
    // long ago doesn't count, or who was slow once would never be asked again.
    const latencyMs = report.latencyMs ?? this.#pool.meanLatencyMs();
    const record = (stats.probe ??= new ProbeRecord());
    record.requestsInFlight = requestsInFlight;
    record.latencyMs = latencyMs;
    if (probed.requestsInFlight >= 0) this.#distribution.remove(probed.requestsInFlight);
    this.#distribution.add(requestsInFlight);
    probed.requestsInFlight = requestsInFlight;
    if (!isPooled) return;
    const entry = this.#pool.entryFor(probed);
    entry.requestsInFlight = requestsInFlight;
    entry.latencyMs = latencyMs;
    entry.receivedMs = this.#clock.nowMs();
    entry.usesLeft = this.#uses();
  }

  #ask(context: PickContext, onPicked: (host: Host | undefined) => void): void {
    const { sampleSize, probeTimeoutMs } = this.#settings;
    const sample: ProbedHost<Host>[] = [];
    for (let draw = 0; draw < 3 * sampleSize && sample.length < sampleSize; draw++) {
      const host = this.#draw.next(context.excluded);
      const probed = host && this.#probed.get(host);
      if (probed !== undefined && !sample.includes(probed)) sample.push(probed);
    }
    if (sample.length < 2) return onPicked(this.pick(context));
    const held = new SyncPick(sample, this.#clock, probeTimeoutMs, (answers) => {
      this.#nowMs = this.#clock.nowMs();
      const picked = this.#bestOf(answers);
      if (picked === undefined) return onPicked(this.pick(context));
      this.#count(picked);
      onPicked(picked);
    });
    for (const [index, probed] of sample.entries()) {
      this.#prober.ask(probed, (report) => held.onReply(index, report));
    }
  }

  #bestOf(answers: ReadonlyMap<ProbedHost<Host>, LoadReport>): Host | undefined {
    const hotAbove = this.#distribution.threshold;
    const usable: [Host, Said][] = [];
    this.#leastColdMs = Infinity;
    for (const [{ host, isCurrent }, { requestsInFlight, latencyMs }] of answers) {
      if (!isCurrent || requestsInFlight === undefined) continue;
      const said = { requestsInFlight, latencyMs: latencyMs ?? host.stats.probe?.latencyMs ?? 0 };
      usable.push([host, said]);
      this.#judge(this.#contender, host, said);
      this.#noteLatency(hotAbove);
    }
    const slowAboveMs = this.#settings.latencyTolerance * this.#leastColdMs;
    let best: Host | undefined;
    for (const [host, said] of usable) {
      const contender = this.#contender;
      this.#judge(contender, host, said);
      if (best !== undefined && !isBetter(contender, this.#best, hotAbove, slowAboveMs)) continue;
      this.#contender = this.#best;
      this.#best = contender;
      best = host;
    }
    return best;
  }
}
