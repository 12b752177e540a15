import type { Timer } from '@weir/core';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { AttemptFailure } from './attempt-failure.js';
import type { AttemptOwner } from './attempt-owner.js';
import { Attempt } from './attempt.js';
import { BodyQueue } from './body-queue.js';
import type { RelayContext } from './relay-context.js';

/**
 * A copy of a request, sent once to one endpoint, whose answer nobody waits for. It gets the body at the
 * caller's pace and is given up when the endpoint takes it so slowly that more than `replayBytes` wait.
 */
export class Mirror implements AttemptOwner {
  readonly #context: RelayContext;
  readonly #fields: readonly HeaderField[];
  readonly #timeoutMs: number;
  readonly #body: BodyQueue;
  #attempt: Attempt | undefined;
  #requestEnded = false;
  #trailers: HeaderBlock | undefined = undefined;
  #timer: Timer | undefined = undefined;

  /**
   * To be made after `cluster.limits.requests` has granted it.
   *
   * @param timeoutMs - from the end of the request until the end of the response
   */
  constructor(
    context: RelayContext,
    cluster: Cluster,
    host: UpstreamHost,
    fields: readonly HeaderField[],
    timeoutMs: number,
  ) {
    this.#context = context;
    this.#fields = fields;
    this.#timeoutMs = timeoutMs;
    this.#body = new BodyQueue(context.shared.segments, false);
    this.#attempt = new Attempt(this, host, cluster, context.clock);
  }

  /** Begins with what has come of the body already. */
  start(body: BodyQueue | undefined, requestEnded: boolean, trailers: HeaderBlock | undefined): void {
    const attempt = this.#attempt!;
    body?.copyTo(this.#body);
    this.#trailers = trailers;
    if (requestEnded) this.#endRequest();
    this.#context.upstreams.connectionsOf(attempt.host, attempt.cluster).acquire(attempt);
    this.#checkSize();
  }

  onRequestData(chunk: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.#attempt === undefined) return;
    this.#body.push(chunk, start, end);
    if (endStream) this.#endRequest();
    this.#pump();
    this.#checkSize();
  }

  onRequestTrailers(trailers: HeaderBlock): void {
    this.#trailers = trailers;
    this.#endRequest();
    this.#pump();
  }

  /** Nothing more comes of the request: what is not whole by now will not be. */
  onRequestOver(): void {
    if (!this.#requestEnded) this.#giveUp();
  }

  onConnection(attempt: Attempt): void {
    attempt.reportConnection();
    const bare = this.#requestEnded && this.#trailers === undefined && this.#body.unsentBytes === 0;
    attempt.stream = attempt.connection!.connection.openStream(this.#fields, bare, attempt);
    if (!bare) this.#pump();
  }

  onUpstreamSendable(): void {
    this.#pump();
  }

  onResponseHeaders(_attempt: Attempt, _block: HeaderBlock, endStream: boolean): void {
    if (endStream) this.#complete();
  }

  onResponseData(attempt: Attempt, _chunk: Buffer, start: number, end: number, endStream: boolean): void {
    attempt.connection!.credit.passed(end - start);
    attempt.consume(end - start);
    if (endStream) this.#complete();
  }

  onResponseTrailers(): void {
    this.#complete();
  }

  onAttemptFailed(attempt: Attempt, failure: AttemptFailure): void {
    if (this.#attempt !== attempt) return;
    this.#release().release(true);
    attempt.reportFailure(failure);
  }

  #pump(): void {
    const attempt = this.#attempt;
    const stream = attempt?.stream;
    if (attempt === undefined || stream === undefined || stream.localEnded) return;
    const { connection } = attempt.connection!;
    this.#body.sendTo(connection, stream, this.#requestEnded && this.#trailers === undefined);
    if (this.#body.unsentBytes === 0 && this.#trailers !== undefined)
      connection.sendHeaders(stream, this.#trailers.fields, true);
  }

  #endRequest(): void {
    this.#requestEnded = true;
    if (this.#attempt === undefined) return;
    this.#timer = this.#context.clock.setTimer(this.#timeoutMs, () => {
      this.#attempt?.reportTimeout();
      this.#giveUp();
    });
  }

  #complete(): void {
    const attempt = this.#release();
    attempt.release(attempt.hasBadAnswer);
    attempt.reportAnswer();
    if (!attempt.stream!.localEnded) attempt.cancel();
  }

  #checkSize(): void {
    if (this.#body.heldBytes > this.#context.options.replayBytes) this.#giveUp();
  }

  #giveUp(): void {
    if (this.#attempt !== undefined) this.#release().giveUp();
  }

  #release(): Attempt {
    const attempt = this.#attempt!;
    this.#attempt = undefined;
    this.#timer?.cancel();
    this.#body.drop();
    return attempt;
  }
}
