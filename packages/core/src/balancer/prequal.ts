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
import { Moment } from './moment.js';
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
 * decide. The pool holds one answer of a host, the latest; reports that come with responses are taken in as well, where there is room for them. A failure counts as a latency of `penaltyMs`, and a host
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
  readonly #moment = new Moment();
  readonly #pool: ProbePool<Host>;
  readonly #distribution: RifDistribution;
  readonly #prober: Prober<Host>;
  readonly #cap: ShareCap;
  readonly #onReply: (probed: ProbedHost<Host>, report: LoadReport | undefined) => void;
  #probed = new Map<EndpointState, ProbedHost<Host>>();
  #draw: WeightedDraw<Host>;
  #picks = 0;
  /** Up to here a latency is about the same as the least of the cold hosts, as of the pick under way. */
  #slowAboveMs = 0.5;
  #removesOldest = true;
  #leastUses = 1;
  /** Of `DRAW_STEPS`, how many make it one use more. */
  #usesSteps = 0;
  #usesAtRate = -0.5;
  #best = new Candidate();
  #contender = new Candidate();

  /** @throws {RangeError} when a setting is out of its range */
  constructor(settings: PrequalSettings, random: Random, clock: Clock, probes?: ProbeSender<Host>) {
    this.#settings = readPrequalSettings(settings);
    this.#random = random;
    this.#clock = clock;
    this.#distribution = new RifDistribution(this.#settings.hotQuantile);
    this.#pool = new ProbePool(this.#settings.poolSize);
    this.#prober = new Prober(this.#settings, random, clock, probes, this.#moment);
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
    this.#usesAtRate = -0.5;
  }

  pick({ excluded }: PickContext): Host | undefined {
    this.#moment.nowMs = this.#clock.nowMs();
    const picked = this.#choose(excluded) ?? this.#draw.next(excluded);
    if (picked === undefined) return undefined;
    this.#count(picked);
    this.#thinOut();
    this.#prober.onRequest();
    return picked;
  }

  onAttemptEnd(host: Host, { failed, load }: AttemptFeedback): void {
    const results = (host.stats.results ??= new ResultWindow());
    results.latestMs = this.#clock.nowMs();
    results.count(failed);
    if (load !== undefined) this.onLoadReport(host, load);
  }

  onLoadReport(host: Host, report: LoadReport): void {
    const probed = this.#probed.get(host);
    if (probed === undefined) return;
    // Whoever is picked reports: let that not drive out those who were asked at random.
    this.#moment.nowMs = this.#clock.nowMs();
    const hasRoom = this.#pool.size < this.#pool.capacity || this.#pool.indexOf(probed) >= 0;
    this.#learn(probed, report, hasRoom);
  }

  close(): void {
    this.#prober.close();
  }

  #choose(excluded: ReadonlySet<EndpointState> | undefined): Host | undefined {
    const pool = this.#pool;
    const { probeMaxAgeMs, leastPool } = this.#settings;
    pool.dropOlder(probeMaxAgeMs, this.#moment);
    let usable = pool.size;
    if (excluded !== undefined) {
      for (let index = 0; index < pool.size; index++) {
        if (excluded.has(pool.at(index).probed!.host)) usable -= 1;
      }
    }
    if (usable < leastPool) return undefined;
    this.#distribution.refresh();
    this.#slowAboveMs = Infinity;
    for (let index = 0; index < pool.size; index++) {
      const entry = pool.at(index);
      const { host } = entry.probed!;
      if (excluded === undefined || !excluded.has(host)) this.#noteLatency(host, entry);
    }
    let best = -1;
    for (let index = 0; index < pool.size; index++) {
      const entry = pool.at(index);
      const { host } = entry.probed!;
      if (excluded !== undefined && excluded.has(host)) continue;
      if (usable > 4 && this.#cap.isUsedUp(entry.probed!)) continue;
      const contender = this.#contender;
      this.#judge(contender, host, entry);
      if (best >= 0 && !isBetter(contender, this.#best)) continue;
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
    candidate.isHot = candidate.requestsInFlight > this.#distribution.threshold;
    candidate.isFailing = false;
    if (stats.results !== undefined && stats.results.failed > 0) {
      const share = failureShareOf(stats, this.#moment, this.#picks, this.#probed.size);
      candidate.addFailures(share, this.#settings.penaltyMs);
    }
    candidate.isSlow = candidate.latencyMs > this.#slowAboveMs;
  }

  /** Finds what is slow in relation to the least latency of those who are cold and work. */
  #noteLatency(host: Host, said: Said): void {
    const candidate = this.#contender;
    this.#judge(candidate, host, said);
    if (candidate.isFailing || candidate.isHot) return;
    const slowAboveMs = candidate.latencyMs * this.#settings.latencyTolerance;
    if (slowAboveMs < this.#slowAboveMs) this.#slowAboveMs = slowAboveMs;
  }

  /** Its own requests are the ones that an earlier answer cannot know of. */
  #count(host: Host): void {
    host.stats.lastPick = ++this.#picks;
    host.stats.lastPickMs = this.#moment.nowMs;
    const probed = this.#probed.get(host);
    if (probed === undefined) return;
    this.#cap.use(probed, this.#moment);
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
    const whole = Math.floor(removalsPerRequest);
    const isOneMore = this.#random.int(DRAW_STEPS) < (removalsPerRequest - whole) * DRAW_STEPS;
    for (let left = isOneMore ? whole + 1 : whole; left > 0; left--) {
      if (this.#pool.size <= least) return;
      const index = this.#removesOldest ? this.#pool.oldest() : this.#pool.worst(this.#distribution);
      this.#removesOldest = !this.#removesOldest;
      this.#pool.removeAt(index);
    }
  }

  /** How often an answer may be used: more often the fewer there are. */
  #uses(): number {
    const { rate } = this.#prober;
    if (rate !== this.#usesAtRate) this.#reckonUses(rate);
    return this.#random.int(DRAW_STEPS) < this.#usesSteps ? this.#leastUses + 1 : this.#leastUses;
  }

  /** The paper's b_reuse, to be rounded at random. */
  #reckonUses(rate: number): void {
    const { delta, removalsPerRequest } = this.#settings;
    const fresh = 1 - this.#pool.capacity / this.#probed.size;
    const surplus = fresh * rate - removalsPerRequest;
    const uses = surplus <= 0 ? ANY_NUMBER : Math.min(ANY_NUMBER, Math.max(1, (1 + delta) / surplus));
    this.#usesAtRate = rate;
    this.#leastUses = Math.floor(uses);
    this.#usesSteps = Math.round((uses - this.#leastUses) * DRAW_STEPS);
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
      this.#moment.nowMs = this.#clock.nowMs();
      probed.answeredMs = this.#moment.nowMs;
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
    entry.receivedMs = this.#moment.nowMs;
    entry.usesLeft = this.#uses();
  }

  #ask(context: PickContext, onPicked: (host: Host | undefined) => void): void {
    if (this.#prober.isClosed) return onPicked(this.pick(context));
    const { sampleSize, probeTimeoutMs } = this.#settings;
    const sample: ProbedHost<Host>[] = [];
    for (let draw = 0; draw < 3 * sampleSize && sample.length < sampleSize; draw++) {
      const host = this.#draw.next(context.excluded);
      const probed = host && this.#probed.get(host);
      if (probed !== undefined && !sample.includes(probed)) sample.push(probed);
    }
    if (sample.length < 2) return onPicked(this.pick(context));
    const held = new SyncPick(sample, this.#clock, probeTimeoutMs, (answers) => {
      this.#moment.nowMs = this.#clock.nowMs();
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
    this.#distribution.refresh();
    this.#slowAboveMs = Infinity;
    const usable: [Host, Said][] = [];
    for (const [{ host, isCurrent }, { requestsInFlight, latencyMs }] of answers) {
      if (!isCurrent || requestsInFlight === undefined) continue;
      const said = { requestsInFlight, latencyMs: latencyMs ?? host.stats.probe?.latencyMs ?? 0 };
      usable.push([host, said]);
      this.#noteLatency(host, said);
    }
    let best: Host | undefined;
    for (const [host, said] of usable) {
      const contender = this.#contender;
      this.#judge(contender, host, said);
      if (best !== undefined && !isBetter(contender, this.#best)) continue;
      this.#contender = this.#best;
      this.#best = contender;
      best = host;
    }
    return best;
  }
}
