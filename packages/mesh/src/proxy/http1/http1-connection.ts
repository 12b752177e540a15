import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Caller } from '@weir/core';
import type { RelayContext } from '../relay/relay-context.js';
import type { RequestRouter } from '../relay/router.js';
import { Http1Exchange } from './http1-exchange.js';
import { isRefusal, readHttp1Request } from './read-request.js';
import { replyText } from './reply.js';
import { meterSocket } from './socket-meter.js';

/** Who decides for the requests of a connection, and by whose configuration they are sent. */
export interface Http1Routes {
  readonly context: RelayContext;
  readonly router: RequestRouter;
  /** `host:port` that the caller dialled. */
  readonly destination: string;
  /** For hosts that the mesh does not know: where the connection was going. Default: `router` alone. */
  readonly onward?: { readonly context: RelayContext; readonly router: RequestRouter } | undefined;
}

/** A caller's connection that speaks HTTP/1. */
export class Http1Connection {
  readonly #socket: Socket;
  readonly #routes: Http1Routes;
  readonly #caller: Caller;
  readonly #open = new Set<ServerResponse>();
  #closing = false;

  constructor(socket: Socket, routes: Http1Routes) {
    this.#socket = socket;
    this.#routes = routes;
    const { remoteAddress = '', remotePort = 0 } = socket;
    this.#caller = { ip: remoteAddress, connection: `${remoteAddress}:${remotePort}` };
    const { counters } = routes.context;
    counters.downstreamConnections++;
    counters.downstreamConnectionsTotal++;
    counters.http1ConnectionsTotal++;
    meterSocket(routes.context, socket, 'downstream');
    socket.once('close', () => counters.downstreamConnections--);
  }

  /** @param upgradeHead - what came behind a request that changes the protocol */
  take(message: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer): void {
    const { context, router, destination, onward } = this.#routes;
    this.#open.add(response);
    context.counters.http1RequestsTotal++;
    if (this.#closing) response.shouldKeepAlive = false;
    response.once('close', () => {
      this.#open.delete(response);
      if (this.#closing && this.#open.size === 0) this.#socket.destroySoon();
    });
    const block = readHttp1Request(message, destination, context.shared.interner);
    if (isRefusal(block)) {
      response.shouldKeepAlive = false;
      return replyText(response, block.status, block.reason);
    }
    const came = { message, response, block, upgradeHead };
    const routed = router.route(block);
    const { decision } = routed;
    const isStranger = decision.kind === 'no-route' && decision.reason === 'no-virtual-host';
    const exchange =
      isStranger && onward !== undefined
        ? new Http1Exchange(onward.context, came, onward.router.route(block), this.#caller)
        : new Http1Exchange(context, came, routed, this.#caller);
    exchange.start();
  }

  /** Closes when the requests under way are answered, and says so to the caller with their answers. */
  close(): void {
    this.#closing = true;
    // Those whose headers are out already cannot say it any more.
    for (const response of this.#open) response.shouldKeepAlive = false;
    if (this.#open.size === 0) this.#socket.destroySoon();
  }
}
