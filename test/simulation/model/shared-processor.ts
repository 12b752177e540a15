import type { Processor } from './processor.js';

/**
 * Processor sharing, at most one core per request: each of `r` requests progresses at `min(1, cores / r)`.
 *
 * In virtual time, which runs at that rate, a request that comes at `v` with work `w` is done at `v + w`
 * whatever comes after it. So a change of the rate moves no request, and each event costs O(log r).
 */
export class SharedProcessor implements Processor {
  #cores: number;
  #virtualMs = 0;
  #realMs = 0;
  #busy = 0;
  #rate = 0;
  #inFlight = 0;
  #nextMs = Infinity;
  /** A heap of requests by the virtual instant they are done; those given up stay until they come up. */
  #requests: number[] = [];
  #doneAt: number[] = [];
  readonly #givenUp = new Set<number>();

  constructor(cores: number) {
    this.#cores = cores;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get nextMs(): number {
    return this.#nextMs;
  }

  busyUntil(nowMs: number): number {
    this.#turnTo(nowMs);
    return this.#busy;
  }

  setCapacity(nowMs: number, cores: number): void {
    this.#turnTo(nowMs);
    this.#cores = cores;
    this.#plan();
  }

  add(nowMs: number, request: number, work: number): void {
    this.#turnTo(nowMs);
    this.#inFlight += 1;
    this.#push(request, this.#virtualMs + work);
    this.#plan();
  }

  cancel(nowMs: number, request: number): void {
    if (!this.#requests.includes(request) || this.#givenUp.has(request)) return;
    this.#turnTo(nowMs);
    this.#givenUp.add(request);
    this.#inFlight -= 1;
    this.#dropGivenUp();
    this.#plan();
  }

  finish(nowMs: number): number {
    this.#turnTo(nowMs);
    const request = this.#requests[0]!;
    this.#virtualMs = Math.max(this.#virtualMs, this.#doneAt[0]!);
    this.#pop();
    this.#inFlight -= 1;
    this.#dropGivenUp();
    this.#plan();
    return request;
  }

  charge(nowMs: number, work: number): void {
    // With a core to spare nobody notices.
    if (this.#inFlight === 0 || this.#inFlight + 1 <= this.#cores) return;
    this.#turnTo(nowMs);
    this.#virtualMs -= work / this.#inFlight;
    this.#plan();
  }

  #turnTo(nowMs: number): void {
    const passedMs = nowMs - this.#realMs;
    this.#realMs = nowMs;
    this.#virtualMs += passedMs * this.#rate;
    this.#busy += passedMs * this.#rate * this.#inFlight;
  }

  #plan(): void {
    const inFlight = this.#inFlight;
    if (inFlight === 0) {
      this.#rate = 0;
      this.#nextMs = Infinity;
      return;
    }
    this.#rate = this.#cores >= inFlight ? 1 : this.#cores / inFlight;
    const left = this.#doneAt[0]! - this.#virtualMs;
    this.#nextMs = this.#rate === 0 ? Infinity : this.#realMs + Math.max(0, left) / this.#rate;
  }

  #dropGivenUp(): void {
    while (this.#requests.length > 0 && this.#givenUp.delete(this.#requests[0]!)) this.#pop();
  }

  #push(request: number, doneAt: number): void {
    const { length } = this.#requests;
    this.#requests.push(request);
    this.#doneAt.push(doneAt);
    let at = length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#doneAt[parent]! <= doneAt) break;
      this.#requests[at] = this.#requests[parent]!;
      this.#doneAt[at] = this.#doneAt[parent]!;
      at = parent;
    }
    this.#requests[at] = request;
    this.#doneAt[at] = doneAt;
  }

  #pop(): void {
    const request = this.#requests.pop()!;
    const doneAt = this.#doneAt.pop()!;
    const { length } = this.#requests;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#doneAt[child + 1]! < this.#doneAt[child]!) child += 1;
      if (this.#doneAt[child]! >= doneAt) break;
      this.#requests[at] = this.#requests[child]!;
      this.#doneAt[at] = this.#doneAt[child]!;
      at = child;
    }
    this.#requests[at] = request;
    this.#doneAt[at] = doneAt;
  }
}
