import type { LoadReport } from '@weir/core';
import type { Host } from './caller.js';

/** Where a call is. */
export const OPEN = 0;
export const CLOSED = 1;

/**
 * The calls under way, by number. Numbers rise by one with each call, and a call's place is taken again only
 * when it has been over for long; so nothing is ever freed, and the oldest call is the next to reach its
 * deadline.
 */
export class Calls {
  readonly #mask: number;
  readonly sentMs: Float64Array<ArrayBuffer>;
  readonly work: Float64Array<ArrayBuffer>;
  readonly outMs: Float64Array<ArrayBuffer>;
  readonly backMs: Float64Array<ArrayBuffer>;
  /** When it came to the server. */
  readonly foundMs: Float64Array<ArrayBuffer>;
  /** Requests in flight that it met there; -1 while it is not there. */
  readonly foundRif: Int32Array<ArrayBuffer>;
  readonly caller: Int32Array<ArrayBuffer>;
  readonly state: Uint8Array<ArrayBuffer>;
  readonly failed: Uint8Array<ArrayBuffer>;
  readonly hosts: (Host | undefined)[];
  readonly reports: (LoadReport | undefined)[];
  /** The number of the next call. */
  next = 0;

  /** @param most how many calls at least can begin before one that has begun must be over */
  constructor(most: number) {
    const size = 2 ** Math.ceil(Math.log2(most));
    this.#mask = size - 1;
    this.sentMs = new Float64Array(size);
    this.work = new Float64Array(size);
    this.outMs = new Float64Array(size);
    this.backMs = new Float64Array(size);
    this.foundMs = new Float64Array(size);
    this.foundRif = new Int32Array(size);
    this.caller = new Int32Array(size);
    this.state = new Uint8Array(size).fill(CLOSED);
    this.failed = new Uint8Array(size);
    this.hosts = new Array<Host | undefined>(size).fill(undefined);
    this.reports = new Array<LoadReport | undefined>(size).fill(undefined);
  }

  placeOf(call: number): number {
    return call & this.#mask;
  }
}
