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

/** Why an attempt ended without a response. */
export type AttemptFailure =
  /** No connection could be had: nothing was sent. */
  | { readonly kind: 'connect'; readonly message: string }
  /** The request was still in our own buffer when the connection went. */
  | { readonly kind: 'unsent'; readonly message: string }
  /** GOAWAY said that the stream was not processed. */
  | { readonly kind: 'goaway' }
  /** RST_STREAM with REFUSED_STREAM: not processed. */
  | { readonly kind: 'refused' }
  /** The endpoint reset the stream for another reason. */
  | { readonly kind: 'reset'; readonly errorCode: number }
  /** The endpoint broke the protocol on this stream. */
  | { readonly kind: 'protocol'; readonly errorCode: number }
  /** The connection was lost with the request on it: processed or not, nobody knows. */
  | { readonly kind: 'lost'; readonly message: string };

/** The endpoint provably did nothing with the request, so that sending it elsewhere is safe whatever it is. */
export function isUnprocessed(failure: AttemptFailure): boolean {
  const { kind } = failure;
  return kind === 'connect' || kind === 'unsent' || kind === 'goaway' || kind === 'refused';
}
