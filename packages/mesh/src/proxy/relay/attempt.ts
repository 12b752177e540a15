import { NO_STATUS } from '../../grpc/status.js';
import { CANCEL } from '../../http2/error-code.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { HostConnections } from '../upstream/host-connections.js';
import type { UpstreamConnection } from '../upstream/upstream-connection.js';
import type { AttemptFailure } from './attempt-failure.js';
import type { AttemptOwner } from './attempt-owner.js';

/**
 * One try of an exchange at one host; on the books of both host and cluster until it is released. To be made
 * after `cluster.limits.requests` has granted it.
 */
export class Attempt {
  readonly exchange: AttemptOwner;
  readonly host: UpstreamHost;
  readonly #cluster: Cluster;
  /** Who looks for a connection for it. */
  pool: HostConnections | undefined = undefined;
  /** Both undefined until a connection took the attempt. */
  connection: UpstreamConnection | undefined = undefined;
  stream: Http2Stream<Attempt> | undefined = undefined;

  constructor(exchange: AttemptOwner, host: UpstreamHost, cluster: Cluster) {
    this.exchange = exchange;
    this.host = host;
    this.#cluster = cluster;
    host.stats.begin();
    cluster.retryBudget.requestStarted();
  }

  /** Takes it off the books; to be called once. */
  release(failed: boolean): void {
    this.host.stats.end(failed);
    this.#cluster.retryBudget.requestEnded();
    this.#cluster.limits.requests.release();
  }

  get cluster(): Cluster {
    return this.#cluster;
  }

  /** Tells outlier detection that there is a way to the host. */
  reportConnection(): void {
    this.#cluster.outlier?.connected(this.host);
  }

  /** Tells outlier detection what the host has answered. */
  reportAnswer(httpStatus: string, grpcStatus: number): void {
    const { outlier } = this.#cluster;
    if (outlier === undefined) return;
    outlier.answered(this.host, Number(httpStatus), grpcStatus === NO_STATUS ? undefined : grpcStatus);
  }

  /** Tells outlier detection that the host has not answered in time. */
  reportTimeout(): void {
    this.#cluster.outlier?.localFailure(this.host);
  }

  /** Tells outlier detection why there is no answer, if the host is to blame: who goes away in good order is not. */
  reportFailure({ kind }: AttemptFailure): void {
    const { outlier } = this.#cluster;
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
}
