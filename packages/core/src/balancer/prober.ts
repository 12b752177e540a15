import type { Clock, Timer } from '../clock.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import type { Moment } from './moment.js';
import { DRAW_STEPS } from './pick-among-left.js';
import type { AllPrequalSettings } from './prequal-settings.js';
import type { ProbeSender } from './probe-sender.js';
import type { OnProbeReply, ProbedHost } from './probed-host.js';
import type { WeightedDraw } from './weighted-draw.js';

/** How often the requests in flight are counted, which takes a look at every host. */
const COUNT_EVERY_MS = 100;
/** Without a request for so long, probing stops until there is one: a mesh at rest shall be at rest. */
const REST_AFTER_MS = 60_000;

/** Decides when to ask whom, so that the answers are fresh and asking is not a load of its own. */
export class Prober<Host extends EndpointState> {
  readonly #settings: AllPrequalSettings;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #sender: ProbeSender<Host> | undefined;
  readonly #moment: Moment;
  readonly #tick = (): void => this.#probeIdle();
  /** Probes for each request at present: fewer when many requests are in flight. */
  rate = 0.5;
  #probed: ReadonlyMap<EndpointState, ProbedHost<Host>> = new Map();
  #draw: WeightedDraw<Host> | undefined;
  #timer: Timer | undefined;
  #requestMs = -Infinity;
  #countedMs = -Infinity;
  #isClosed = false;

  constructor(
    settings: AllPrequalSettings,
    random: Random,
    clock: Clock,
    sender: ProbeSender<Host> | undefined,
    moment: Moment,
  ) {
    this.#settings = settings;
    this.#random = random;
    this.#clock = clock;
    this.#sender = sender;
    this.#moment = moment;
    this.rate = settings.probesPerRequest;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @param draw draws those who are asked, each of whom is in `probed` */
  update(probed: ReadonlyMap<EndpointState, ProbedHost<Host>>, draw: WeightedDraw<Host>): void {
    this.#probed = probed;
    this.#draw = draw;
    this.#countedMs = -Infinity;
    if (this.#requestMs === -Infinity) this.#requestMs = this.#clock.nowMs();
    if (probed.size > 0) this.#keepTicking();
    else this.#stopTicking();
  }

  /** A request has been sent. */
  onRequest(): void {
    if (this.#sender === undefined || this.#isClosed) return;
    const { nowMs } = this.#moment;
    this.#requestMs = nowMs;
    this.#keepTicking();
    if (nowMs - this.#countedMs >= COUNT_EVERY_MS) this.#countInFlight();
    const { rate } = this;
    const whole = Math.floor(rate);
    const isOneMore = this.#random.int(DRAW_STEPS) < (rate - whole) * DRAW_STEPS;
    this.#probeSome(isOneMore ? whole + 1 : whole);
  }

  /** Asks this host, unless it is being asked: then `onReply` waits for that answer. */
  ask(probed: ProbedHost<Host>, onReply?: OnProbeReply): void {
    if (onReply !== undefined) probed.waiting.push(onReply);
    if (probed.isAsked) return;
    probed.isAsked = true;
    this.#sender!.probe(probed.host, probed.onReply);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopTicking();
  }

  #probeSome(count: number): void {
    const { probeSpacingMs } = this.#settings;
    const { nowMs } = this.#moment;
    for (let draw = 0; draw < count; draw++) {
      const host = this.#draw?.next(undefined);
      const probed = host && this.#probed.get(host);
      // Without replacement: who was just drawn is being asked.
      if (probed === undefined || probed.isAsked || nowMs - probed.answeredMs < probeSpacingMs) continue;
      this.ask(probed);
    }
  }

  #countInFlight(): void {
    this.#countedMs = this.#moment.nowMs;
    let inFlight = 0;
    for (const { stats } of this.#probed.keys()) inFlight += stats.inFlight;
    const { probesPerRequest: most, leastProbesPerRequest, fewInFlight } = this.#settings;
    const least = Math.min(most, leastProbesPerRequest);
    const excess = (inFlight - fewInFlight) / Math.max(1, 9 * fewInFlight);
    this.rate = most - (most - least) * Math.min(1, Math.max(0, excess));
  }

  #keepTicking(): void {
    const { idleProbesPerSecond } = this.#settings;
    if (this.#timer !== undefined || this.#isClosed) return;
    if (this.#sender === undefined || idleProbesPerSecond <= 0) return;
    this.#timer = this.#clock.setTimer(1_000 / idleProbesPerSecond, this.#tick);
  }

  #stopTicking(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #probeIdle(): void {
    this.#timer = undefined;
    this.#moment.nowMs = this.#clock.nowMs();
    if (this.#moment.nowMs - this.#requestMs > REST_AFTER_MS) return;
    this.#probeSome(1);
    this.#keepTicking();
  }
}
