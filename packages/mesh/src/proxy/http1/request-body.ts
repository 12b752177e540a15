import type { ClientRequest, IncomingMessage } from 'node:http';
import { hasBody, trailerPairs } from './message-fields.js';

/**
 * The body of a request on its way, no faster than the endpoint takes it. What has been read is kept for another
 * attempt as long as it is short and no response has begun.
 */
export class RequestBody {
  readonly #message: IncomingMessage;
  readonly #maxKeptBytes: number;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #to: ClientRequest | undefined = undefined;
  #listens = false;
  #ended: boolean;

  constructor(message: IncomingMessage, maxKeptBytes: number) {
    this.#message = message;
    this.#maxKeptBytes = maxKeptBytes;
    this.#ended = !hasBody(message);
  }

  /** Nothing of it has been lost: it can be sent again. */
  get replayable(): boolean {
    return this.#kept !== undefined;
  }

  /** Sends all of it, from its first byte. */
  sendTo(to: ClientRequest): void {
    this.#to = to;
    let room = true;
    for (const chunk of this.#kept ?? []) room = to.write(chunk);
    if (this.#ended) return this.#finish(to);
    // Whoever waits for a word before the body waits for the endpoint's.
    to.flushHeaders();
    to.on('drain', () => this.#onDrain(to));
    if (!this.#listens) this.#listen();
    if (room) this.#message.resume();
  }

  /** Sends no more; what comes is left unread. */
  stop(): void {
    this.#to = undefined;
    if (!this.#ended) this.#message.pause();
  }

  /** There will be no other attempt. */
  forget(): void {
    this.#kept = undefined;
  }

  #listen(): void {
    this.#listens = true;
    this.#message.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#message.on('end', () => {
      this.#ended = true;
      if (this.#to !== undefined) this.#finish(this.#to);
    });
  }

  #onData(chunk: Buffer): void {
    this.#keptBytes += chunk.length;
    if (this.#keptBytes > this.#maxKeptBytes) this.#kept = undefined;
    this.#kept?.push(chunk);
    if (this.#to?.write(chunk) === false) this.#message.pause();
  }

  #onDrain(to: ClientRequest): void {
    if (this.#to === to && !this.#ended) this.#message.resume();
  }

  #finish(to: ClientRequest): void {
    const { rawTrailers } = this.#message;
    if (rawTrailers.length > 0) to.addTrailers(trailerPairs(rawTrailers));
    to.end();
  }
}
