import type { Clock } from '@weir/core';
import { fieldAtFault } from './field-at-fault.js';
import type { Told } from './told.js';

/** A version that a client refused, and its reason. */
export interface Rejection {
  readonly version: string;
  /** The client's own words. */
  readonly message: string;
  /** Resources of the response that the words mention; all of them when they mention none. */
  readonly resources: readonly string[];
  /** The field that the words name, e.g. `outlier_detection.interval`; undefined when they name none. */
  readonly field: string | undefined;
  /** `Clock.wallMs` of the refusal. */
  readonly wallMs: number;
}

/** A response that awaits its answer. */
export interface InFlight {
  readonly nonce: string;
  readonly version: string;
  /** What the client had before of each resource that is new, changed or removed; undefined: nothing. */
  readonly before: ReadonlyMap<string, Told | undefined>;
  /** Holds something the client did not have; false for a response that only removes. */
  readonly adds: boolean;
}

/** What a request says of the response before it. */
export type Answer = 'ack' | 'nack' | 'none';

/** One type's responses on one stream and what the client said of them; at most one is in flight. */
export class Answers {
  readonly #clock: Clock;
  #nonce = '';
  #inFlight: InFlight | undefined;
  #sentMs = 0;
  #sentWallMs = 0;
  #answeredWallMs = 0;
  #latencyMs = 0;
  #ackedVersion = '';
  #rejection: Rejection | undefined;
  readonly #held = new Map<string, Told | undefined>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get inFlight(): InFlight | undefined {
    return this.#inFlight;
  }

  /** Nonce of the last response; empty before the first. */
  get nonce(): string {
    return this.#nonce;
  }

  /** The last version the client accepted; empty before the first. */
  get ackedVersion(): string {
    return this.#ackedVersion;
  }

  /** Whether the response in flight holds something that the client had in no version. */
  get introduces(): boolean {
    for (const told of this.#inFlight?.before.values() ?? []) if (told === undefined) return true;
    return false;
  }

  /** What the client stays with of resources that it refused, by name; undefined: without any. */
  get held(): ReadonlyMap<string, Told | undefined> {
    return this.#held;
  }

  /** What the client refused last; undefined once it has accepted all that it refused in another version. */
  get rejection(): Rejection | undefined {
    return this.#rejection;
  }

  /** `Clock.wallMs` of the last response; 0 before the first. */
  get sentWallMs(): number {
    return this.#sentWallMs;
  }

  /** `Clock.wallMs` of the last answer; 0 before the first. */
  get answeredWallMs(): number {
    return this.#answeredWallMs;
  }

  /** From the last response that was answered to its answer. */
  get latencyMs(): number {
    return this.#latencyMs;
  }

  sent(response: InFlight): void {
    this.#nonce = response.nonce;
    this.#inFlight = response;
    this.#sentMs = this.#clock.nowMs();
    this.#sentWallMs = this.#clock.wallMs();
  }

  /** @param errorMessage undefined: accepted */
  receive(nonce: string, errorMessage: string | undefined): Answer {
    const answered = this.#inFlight;
    if (answered === undefined || nonce !== answered.nonce) return 'none';
    this.#inFlight = undefined;
    this.#latencyMs = this.#clock.nowMs() - this.#sentMs;
    this.#answeredWallMs = this.#clock.wallMs();
    if (errorMessage === undefined) {
      this.#ackedVersion = answered.version;
      for (const name of answered.before.keys()) this.#held.delete(name);
      if (this.#held.size === 0) this.#rejection = undefined;
      return 'ack';
    }
    for (const [name, told] of answered.before) if (!this.#held.has(name)) this.#held.set(name, told);
    const names = [...answered.before.keys()];
    const mentioned = names.filter((name) => errorMessage.includes(name));
    this.#rejection = {
      version: answered.version,
      message: errorMessage,
      resources: mentioned.length > 0 ? mentioned : names,
      field: fieldAtFault(errorMessage, names),
      wallMs: this.#answeredWallMs,
    };
    return 'nack';
  }

  /** The client has let go of everything but these. */
  retain(isKept: (name: string) => boolean): void {
    if (this.#held.size === 0) return;
    for (const name of this.#held.keys()) if (!isKept(name)) this.#held.delete(name);
    if (this.#held.size === 0) this.#rejection = undefined;
  }
}
