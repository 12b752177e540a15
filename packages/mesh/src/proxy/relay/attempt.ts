import type { Http2Stream } from '../../http2/stream.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { HostConnections } from '../upstream/host-connections.js';
import type { UpstreamConnection } from '../upstream/upstream-connection.js';
import type { Exchange } from './exchange.js';

/** One try of an exchange at one host. */
export class Attempt {
  readonly exchange: Exchange;
  readonly host: UpstreamHost;
  /** Who looks for a connection for it. */
  pool: HostConnections | undefined = undefined;
  /** Both undefined until a connection took the attempt. */
  connection: UpstreamConnection | undefined = undefined;
  stream: Http2Stream<Attempt> | undefined = undefined;

  constructor(exchange: Exchange, host: UpstreamHost) {
    this.exchange = exchange;
    this.host = host;
  }
}
