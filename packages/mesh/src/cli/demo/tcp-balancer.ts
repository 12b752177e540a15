import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Random } from '@weir/core';
import type { HostPort } from '../parse-address.js';

/**
 * What a Service is to a connection: kube-proxy sends each new one to a random endpoint and there it stays,
 * whatever travels on it (in iptables mode: `-m statistic --mode random`).
 */
export class TcpBalancer {
  readonly #random: Random;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #endpoints: readonly HostPort[] = [];

  constructor(random: Random) {
    this.#random = random;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#splice(client));
  }

  /** The endpoints for connections from now on; those that exist stay where they are. */
  setEndpoints(endpoints: readonly HostPort[]): void {
    this.#endpoints = endpoints;
  }

  /** Listens on a free port of 127.0.0.1. */
  async listen(): Promise<HostPort> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  /** Ends every connection and stops listening. */
  destroy(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #splice(client: Socket): void {
    const endpoint = this.#endpoints[this.#random.int(Math.max(1, this.#endpoints.length))];
    if (endpoint === undefined) {
      client.destroy();
      return;
    }
    const server = connect({ ...endpoint, allowHalfOpen: true, noDelay: true });
    client.pipe(server).pipe(client);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      // A proper end has been passed on by the pipe; only a broken connection breaks the other one.
      socket.on('error', () => other.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    }
  }
}
