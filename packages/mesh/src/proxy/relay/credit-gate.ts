import type { Http2Connection } from '../../http2/connection.js';

/**
 * Gives the connection's window back at once, so that one stream whose receiver stalls does not hold up
 * the others, until the streams together hold more than the limit: then only as bytes move on.
 */
export class CreditGate<Owner> {
  readonly #connection: Http2Connection<Owner>;
  readonly #limitBytes: number;
  #heldBytes = 0;
  #owedBytes = 0;

  constructor(connection: Http2Connection<Owner>, limitBytes: number) {
    this.#connection = connection;
    this.#limitBytes = limitBytes;
  }

  /** Bytes in queues now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** DATA came and went on without a stop. */
  passed(bytes: number): void {
    this.#connection.consumeConnection(bytes);
  }

  /** DATA came and was queued. */
  queued(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes <= this.#limitBytes) this.#connection.consumeConnection(bytes);
    else this.#owedBytes += bytes;
  }

  /** Queued DATA went on, or was dropped. */
  released(bytes: number): void {
    this.#heldBytes -= bytes;
    if (this.#owedBytes === 0 || this.#heldBytes > this.#limitBytes) return;
    this.#connection.consumeConnection(this.#owedBytes);
    this.#owedBytes = 0;
  }
}
