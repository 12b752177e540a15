import type { Clock } from '../clock.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { GoZeroRecord } from '../endpoint/go-zero-record.js';
import type { Random } from '../random.js';
import type { AttemptFeedback } from './attempt-feedback.js';
import type { Balancer, PickContext } from './balancer.js';
import { areEqual, asDescribed, availableHosts, type HostView } from './host-view.js';
import { WeightedDraw } from './weighted-draw.js';

const DECAY_MS = 10_000;
const FORCE_PICK_MS = 1_000;
const SUCCESS = 1_000;
const THROTTLE_SUCCESS = SUCCESS / 2;
const PICK_TIMES = 3;
const NS_PER_MS = 1_000_000;

/** DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS (`codes/accept.go`). */
const UNACCEPTABLE = new Set([4, 8, 12, 13, 14, 15]);

/**
 * go-zero's `p2c_ewma` as published, for those who come from it: of two random hosts the one with less of
 * `trunc(sqrt(lag + 1)) * (inFlight + 1)`, drawn anew up to twice when one of them fails too often, and the
 * other one when that has had nothing for a second.
 *
 * Its known flaws, which `p2c_ewma` does not have. A host that fails fast has a low lag and draws requests;
 * only its success rate speaks against it, and that takes 6.9 s of nothing but failures to fall below one
 * half, or 500 failures where there are hundreds a second. The success is a whole number, rounded down each
 * time: above some 50 requests a second it cannot rise again, however long all is well. An idle host keeps its
 * lag forever. Where hosts have less than one request a second each, nearly every loser counts as starving,
 * so that the worse of two is picked.
 *
 * Three things differ. What is learnt is kept with the host rather than forgotten whenever the set of hosts
 * changes. A latency is the time to the first header, not to the end of the call. Of two hosts alone the first
 * is drawn at random, where go-zero always begins with the same one. Weights, which go-zero has not, decide
 * how often a host is drawn and how many requests in flight it may have.
 */
export class GoZeroP2cBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name = 'go_zero_p2c';
  readonly #random: Random;
  readonly #clock: Clock;
  #hosts: readonly Host[] = [];
  #draw: WeightedDraw<Host>;
  #shares: ReadonlyMap<EndpointState, number> | undefined;

  constructor(random: Random, clock: Clock) {
    this.#random = random;
    this.#clock = clock;
    this.#draw = new WeightedDraw<Host>([], [], random);
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    this.#hosts = availableHosts(hosts, view);
    const weights = this.#hosts.map((host) => view.weightOf(host));
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
    this.#draw = new WeightedDraw(this.#hosts, weights, this.#random);
    this.#shares = areEqual(weights)
      ? undefined
      : new Map(this.#hosts.map((host, index) => [host, weights[index]! / mean]));
  }

  pick({ excluded }: PickContext): Host | undefined {
    let first: Host | undefined;
    let second: Host | undefined;
    for (let time = 0; time < PICK_TIMES; time++) {
      if (this.#shares === undefined && (excluded === undefined || excluded.size === 0)) {
        const count = this.#hosts.length;
        if (count === 0) return undefined;
        const a = this.#random.int(count);
        const b = count === 1 ? 0 : this.#random.int(count - 1);
        first = this.#hosts[a]!;
        second = count === 1 ? undefined : this.#hosts[b >= a ? b + 1 : b];
      } else {
        first = this.#draw.next(excluded);
        if (first === undefined) return undefined;
        second = this.#draw.nextBut(first, excluded);
      }
      if (second === undefined || this.#hosts.length === 2) break;
      if (isHealthy(first) && isHealthy(second)) break;
    }
    return this.#choose(first!, second, this.#clock.nowMs());
  }

  onAttemptEnd({ stats }: Host, { latencyMs, grpcCode, failed }: AttemptFeedback): void {
    const nowMs = this.#clock.nowMs();
    const record = (stats.goZero ??= new GoZeroRecord());
    const sinceMs = Math.max(0, nowMs - record.lastMs);
    record.lastMs = nowMs;
    const old = record.lagNs === 0 ? 0 : Math.exp(-sinceMs / DECAY_MS);
    record.lagNs = Math.trunc(
      record.lagNs * old + Math.trunc(Math.max(0, latencyMs) * NS_PER_MS) * (1 - old),
    );
    const isAcceptable = grpcCode < 0 ? !failed : !UNACCEPTABLE.has(grpcCode);
    record.success = Math.trunc(record.success * old + (isAcceptable ? SUCCESS : 0) * (1 - old));
  }

  #choose(first: Host, second: Host | undefined, nowMs: number): Host {
    if (second === undefined) {
      first.stats.lastPickMs = nowMs;
      return first;
    }
    const isFirstBusier = this.#load(first) > this.#load(second);
    const winner = isFirstBusier ? second : first;
    const loser = isFirstBusier ? first : second;
    const picked = nowMs - loser.stats.lastPickMs > FORCE_PICK_MS ? loser : winner;
    picked.stats.lastPickMs = nowMs;
    return picked;
  }

  #load(host: Host): number {
    const { goZero, inFlight } = host.stats;
    const lag = goZero === undefined ? 1 : Math.trunc(Math.sqrt(goZero.lagNs + 1));
    const share = this.#shares === undefined ? 1 : this.#shares.get(host)!;
    return lag * (inFlight / share + 1);
  }
}

function isHealthy({ stats }: EndpointState): boolean {
  return stats.goZero === undefined || stats.goZero.success > THROTTLE_SUCCESS;
}
