import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RelayOptions } from '../relay/relay-options.js';
import { MAX_HEADER_BYTES } from './connections.js';
import { Http1Connection, type Http1Routes } from './http1-connection.js';
import { mayUpgrade, withoutUpgrade } from './request-head.js';

/** A connection without a request is closed after an hour, as Envoy does; its server's own word comes before. */
const IDLE_TIMEOUT_MS = 3_600_000;
const CHECK_INTERVAL_MS = 2_000;

/**
 * Reads requests of HTTP/1 from connections that are handed in: an `http.Server` that never listens. Made with the
 * first connection, as most sidecars have none.
 */
export class Http1Server {
  readonly #options: RelayOptions;
  readonly #connections = new WeakMap<Duplex, Http1Connection>();
  #server: Server | undefined = undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Takes over a paused connection; `bytes` were read of it already. */
  accept(socket: Socket, bytes: Buffer, routes: Http1Routes): Http1Connection {
    this.#server ??= this.#create();
    const connection = new Http1Connection(socket, routes);
    this.#connections.set(socket, connection);
    handIn(this.#server, socket, bytes);
    return connection;
  }

  #create(): Server {
    const server = createServer({
      insecureHTTPParser: false,
      requireHostHeader: true,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: this.#options.frameTimeoutMs,
      // An upload may take as long as it likes.
      requestTimeout: 0,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      noDelay: true,
    });
    const take = (message: IncomingMessage, response: ServerResponse): void =>
      this.#connections.get(message.socket)?.take(message, response);
    server.on('request', take);
    server.on('checkContinue', take);
    server.on('upgrade', (message, socket, head) => this.#onUpgrade(message, socket as Socket, head));
    // What starts the check of `headersTimeout`, which no socket would otherwise.
    server.emit('listening');
    return server;
  }

  #onUpgrade(message: IncomingMessage, socket: Socket, head: Buffer): void {
    if (!mayUpgrade(message)) return handIn(this.#server!, socket, withoutUpgrade(message, head));
    const response = new ServerResponse(message);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => socket.end());
    this.#connections.get(socket)?.take(message, response, head);
  }
}

function handIn(server: Server, socket: Socket, bytes: Buffer): void {
  socket.pause();
  if (bytes.length > 0) socket.unshift(bytes);
  server.emit('connection', socket);
  socket.resume();
}
