import type { Processor } from './processor.js';

/** One request after the other, in the order they come, on at most one core: a Node.js process. */
export class SingleThread implements Processor {
  #speed: number;
  #realMs = 0;
  #busy = 0;
  /** What is left of the first request's work. */
  #left = 0;
  #nextMs = Infinity;
  #head = 0;
  #requests: number[] = [];
  #work: number[] = [];

  constructor(cores: number) {
    this.#speed = Math.min(1, cores);
  }

  get inFlight(): number {
    return this.#requests.length - this.#head;
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
    this.#speed = Math.min(1, cores);
    this.#plan();
  }

  add(nowMs: number, request: number, work: number): void {
    this.#turnTo(nowMs);
    this.#requests.push(request);
    this.#work.push(work);
    if (this.inFlight === 1) this.#left = work;
    this.#plan();
  }

  cancel(nowMs: number, request: number): void {
    const at = this.#requests.indexOf(request, this.#head);
    if (at < 0) return;
    this.#turnTo(nowMs);
    if (at === this.#head) {
      this.#takeFirst();
    } else {
      this.#requests.splice(at, 1);
      this.#work.splice(at, 1);
    }
    this.#plan();
  }

  finish(nowMs: number): number {
    this.#turnTo(nowMs);
    const request = this.#takeFirst();
    this.#plan();
    return request;
  }

  charge(nowMs: number, work: number): void {
    if (this.inFlight === 0) return;
    this.#turnTo(nowMs);
    this.#left += work;
    this.#plan();
  }

  #takeFirst(): number {
    const request = this.#requests[this.#head]!;
    this.#head += 1;
    // Taking off the front one by one would move all the others each time.
    if (this.#head > 64 && 2 * this.#head > this.#requests.length) {
      this.#requests = this.#requests.slice(this.#head);
      this.#work = this.#work.slice(this.#head);
      this.#head = 0;
    }
    if (this.inFlight > 0) this.#left = this.#work[this.#head]!;
    return request;
  }

  #turnTo(nowMs: number): void {
    const passedMs = nowMs - this.#realMs;
    this.#realMs = nowMs;
    if (this.inFlight === 0) return;
    this.#left -= passedMs * this.#speed;
    this.#busy += passedMs * this.#speed;
  }

  #plan(): void {
    if (this.inFlight === 0) this.#nextMs = Infinity;
    else if (this.#speed === 0) this.#nextMs = Infinity;
    else this.#nextMs = this.#realMs + Math.max(0, this.#left) / this.#speed;
  }
}
