import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A port before a server's that passes every byte on, and knows what the server does not say of its connections. */
export class TcpFront {
  readonly address: string;
  /** Connections that have come. */
  opened = 0;
  readonly #server: Server;
  readonly #target: string;
  readonly #pairs = new Set<readonly [Socket, Socket]>();

  constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = target;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Lets nothing more through on the connections that there are, and tells nobody: a machine that is gone. */
  freeze(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe();
      far.unpipe();
      near.pause();
      far.pause();
    }
  }

  destroy(): void {
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #accept(near: Socket): void {
    this.opened++;
    const [host, port] = this.#target.split(':');
    const far = connect({ host: host!, port: Number(port) });
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    near.pipe(far).pipe(near);
    for (const [socket, other] of [pair, [far, near] as const]) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
  }
}

/** Stands before `host:port`. The caller destroys it. */
export async function startTcpFront(target: string): Promise<TcpFront> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new TcpFront(server, target);
}
