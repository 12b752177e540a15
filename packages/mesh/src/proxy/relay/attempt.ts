import {
  type AttemptFeedback,
  type Clock,
  decodeOrcaLoadReport,
  LOAD_TRAILER,
  type LoadReport,
  parsePushback,
  RETRY_PUSHBACK_HEADER,
} from '@weir/core';
import { CANCELLED, NO_STATUS, parseStatus } from '../../grpc/status.js';
import { CANCEL } from '../../http2/error-code.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { HostConnections } from '../upstream/host-connections.js';
import type { UpstreamCall } from '../upstream/upstream-call.js';
import type { UpstreamConnection } from '../upstream/upstream-connection.js';
import type { AttemptFailure } from './attempt-failure.js';
import type { AttemptOwner } from './attempt-owner.js';
import { isBadAnswer } from './outcome.js';

/**
 * One try of an exchange at one host; on the books of both host and cluster until it is released. To be made
 * after `cluster.limits.requests` has granted it.
 */
export class Attempt implements AttemptFeedback, UpstreamCall {
  /** Whose it is; another's from the moment that the others of a hedged call are given up. */
  owner: AttemptOwner;
  readonly host: UpstreamHost;
  readonly cluster: Cluster;
  /** Who looks for a connection for it. */
  pool: HostConnections | undefined = undefined;
  /** Both undefined until a connection took the attempt. */
  connection: UpstreamConnection | undefined = undefined;
  stream: Http2Stream<UpstreamCall> | undefined = undefined;
  /** Of the response, as far as it has come: its `:status`, and its gRPC status or `NO_STATUS`. */
  httpStatus: HeaderField | undefined = undefined;
  grpcStatus = NO_STATUS;
  failed = false;
  /** Why there is no whole response; of an attempt whose owner has said so. */
  failure: AttemptFailure | undefined = undefined;
  timedOut = false;
  /** Nobody wanted it any more. */
  givenUp = false;
  /** It has a place among the cluster's retries, to be given back when it ends. */
  countsAsRetry = false;
  readonly #clock: Clock;
  /** On the clock's `nowMs`. */
  readonly beganMs: number;
  /** When a connection took it; -1 as long as none has. */
  #connectedMs = -1;
  /** When the headers came; -1 as long as they have not. */
  #headersMs = -1;
  /** What the status stood in, and with it whatever else the endpoint says at the end. */
  #last: HeaderBlock | undefined = undefined;

  constructor(owner: AttemptOwner, host: UpstreamHost, cluster: Cluster, clock: Clock) {
    this.owner = owner;
    this.host = host;
    this.cluster = cluster;
    this.#clock = clock;
    this.beganMs = clock.nowMs();
    host.stats.begin();
    cluster.retryBudget.requestStarted();
  }

  onHeaders(block: HeaderBlock, endStream: boolean): void {
    if (!block.informational) {
      this.httpStatus = block.status;
      this.#headersMs = this.#clock.nowMs();
      this.#readStatus(block);
    }
    this.owner.onResponseHeaders(this, block, endStream);
  }

  onData(chunk: Buffer, start: number, end: number, endStream: boolean): void {
    this.owner.onResponseData(this, chunk, start, end, endStream);
  }

  onTrailers(trailers: HeaderBlock): void {
    this.#readStatus(trailers);
    this.owner.onResponseTrailers(this, trailers);
  }

  onSendable(): void {
    this.owner.onUpstreamSendable(this);
  }

  onFailed(failure: AttemptFailure): void {
    this.owner.onAttemptFailed(this, failure);
  }

  /** Takes it off the books; to be called once. */
  release(failed: boolean): void {
    this.failed = failed;
    this.host.stats.end(failed);
    this.cluster.retryBudget.requestEnded();
    this.cluster.limits.requests.release();
    if (this.countsAsRetry) {
      this.cluster.retryBudget.retryEnded();
      this.cluster.limits.retries.release();
    }
    this.cluster.attemptEnded(this.host, this);
  }

  /** Takes it off the books and tells the endpoint: nobody wants what is still to come of it. To be called once. */
  giveUp(): void {
    this.givenUp = true;
    this.release(false);
    this.cancel();
  }

  /** How long the headers of the response took; `undefined` as long as there are none. */
  get headersAfterMs(): number | undefined {
    return this.#headersMs === -1 ? undefined : this.#headersMs - this.beganMs;
  }

  /** The answer, which is whole, speaks against the endpoint. */
  get hasBadAnswer(): boolean {
    return isBadAnswer(this.httpStatus!.value, this.grpcStatus);
  }

  /** What it took to have a connection says nothing of how busy the endpoint is, and is left out. */
  get latencyMs(): number {
    const fromMs = this.#connectedMs === -1 ? this.beganMs : this.#connectedMs;
    return (this.#headersMs === -1 ? this.#clock.nowMs() : this.#headersMs) - fromMs;
  }

  /** CANCELLED of an attempt that was given up: without headers its latency is a lower bound. */
  get grpcCode(): number {
    return this.givenUp ? CANCELLED : this.grpcStatus;
  }

  get pushbackMs(): number | undefined {
    const pushback = parsePushback(this.#last?.get(RETRY_PUSHBACK_HEADER));
    if (pushback === 'none') return undefined;
    return pushback === 'stop' ? -1 : pushback;
  }

  /** Worked out only for balancers that ask. */
  get load(): LoadReport | undefined {
    const report = this.#last?.get(LOAD_TRAILER);
    return report === undefined ? undefined : decodeOrcaLoadReport(Buffer.from(report, 'base64'));
  }

  /** Takes note of a connection, and tells outlier detection that there is a way to the host. */
  reportConnection(): void {
    this.#connectedMs = this.#clock.nowMs();
    this.cluster.outlier?.connected(this.host);
  }

  /** Tells outlier detection what the host has answered. */
  reportAnswer(): void {
    const { cluster, host, httpStatus, grpcStatus } = this;
    if (cluster.outlier === undefined) return;
    const code = grpcStatus === NO_STATUS ? undefined : grpcStatus;
    cluster.outlier.answered(host, Number(httpStatus!.value), code);
  }

  /** Tells outlier detection that the host has not answered in time. */
  reportTimeout(): void {
    this.timedOut = true;
    this.cluster.outlier?.localFailure(this.host);
  }

  /** Tells outlier detection why there is no answer, if the host is to blame: who goes away in good order is not. */
  reportFailure(failure: AttemptFailure): void {
    this.failure = failure;
    const { kind } = failure;
    const { outlier } = this.cluster;
    if (outlier === undefined || kind === 'goaway' || kind === 'unsent' || kind === 'overflow') return;
    if (kind === 'connect' || kind === 'stalled') outlier.localFailure(this.host);
    else outlier.reset(this.host);
  }

  /** Nobody wants what is still to come of it. */
  cancel(): void {
    if (this.stream !== undefined) this.connection!.connection.resetStream(this.stream, CANCEL);
    else this.pool?.cancel(this);
  }

  /** `bytes` of the response went on: the endpoint may send as many more. */
  consume(bytes: number): void {
    this.connection!.connection.consume(this.stream!, bytes);
  }

  #readStatus(block: HeaderBlock): void {
    const status = block.get('grpc-status');
    if (status !== undefined) this.grpcStatus = parseStatus(status);
    this.#last = block;
  }
}
