import type { Clock } from '@weir/core';
import { fieldAtFault } from './field-at-fault.js';

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
  /** Holds something the client did not have; false for a response that only removes. */
  readonly adds: boolean;
  /** Holds something the client had in no version. */
  readonly introduces: boolean;
  readonly names: readonly string[];
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

  /** What the client refused last; undefined once it has accepted a later response. */
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
      this.#rejection = undefined;
      return 'ack';
    }
    const mentioned = answered.names.filter((name) => errorMessage.includes(name));
    this.#rejection = {
      version: answered.version,
      message: errorMessage,
      resources: mentioned.length > 0 ? mentioned : answered.names,
      field: fieldAtFault(errorMessage, answered.names),
      wallMs: this.#answeredWallMs,
    };
    return 'nack';
  }
}
