import { CANCEL } from '../../http2/error-code.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { HostConnections } from '../upstream/host-connections.js';
import type { UpstreamConnection } from '../upstream/upstream-connection.js';
import type { Exchange } from './exchange.js';

/** One try of an exchange at one host; on the books of both host and cluster until it is released. */
export class Attempt {
  readonly exchange: Exchange;
  readonly host: UpstreamHost;
  readonly #cluster: Cluster;
  /** Who looks for a connection for it. */
  pool: HostConnections | undefined = undefined;
  /** Both undefined until a connection took the attempt. */
  connection: UpstreamConnection | undefined = undefined;
  stream: Http2Stream<Attempt> | undefined = undefined;

  constructor(exchange: Exchange, host: UpstreamHost, cluster: Cluster) {
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
