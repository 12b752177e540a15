import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Logger } from '../system/logger.js';

/** A `host:port` as callers name it. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

/** A socket address to listen on; port 0 means any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Whether `::` takes IPv6 alone. Default false. */
  readonly ipv6Only?: boolean;
}

/** How callers come in at a port. */
export type Door = OutboundDoor | InboundDoor;

/** Where the application's outgoing connections come in. */
export type OutboundDoor =
  /** The port stands for one service. */
  | { readonly kind: 'service'; readonly destination: Destination }
  /** HTTP CONNECT says where a connection wants to go. */
  | { readonly kind: 'connect' }
  | CapturedDoor;

/** The kernel has redirected a connection on its way to `destination`. */
export interface CapturedDoor {
  readonly kind: 'captured';
  readonly destination: Destination;
}

/** Where callers of the application come in, and where it listens. */
export interface InboundDoor {
  readonly kind: 'inbound';
  readonly application: Destination;
}

export interface OpenDoor {
  readonly server: Server;
  readonly address: AddressInfo;
}

/**
 * Opens a port. Connections are handed over paused, so that they can go to another process unread.
 *
 * @param doorOf - by which door a connection has come; `undefined`: by none, and it is dropped
 * @throws Error of `node:net` when the port cannot be bound
 */
export async function openDoor(
  address: ListenAddress,
  doorOf: (socket: Socket) => Door | undefined,
  take: (socket: Socket, door: Door) => void,
  logger: Logger,
): Promise<OpenDoor> {
  // Half-open, because a spliced protocol may end one direction before the other.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    const door = doorOf(socket);
    if (door === undefined) socket.resetAndDestroy();
    else take(socket, door);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });
  // No file descriptor left, and the like: callers wait, or are turned away; what is open goes on.
  server.on('error', (error) => logger.error('a connection could not be accepted', { error }));
  return { server, address: server.address() as AddressInfo };
}
