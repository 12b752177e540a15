import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { ACK, SETTINGS, settings, settingsAck } from './frame.js';
import { RawPeer } from './raw-peer.js';

/** Accepts connections and leaves all talking to the test. */
export class RawServer {
  readonly #server: Server;
  readonly #accepted: RawPeer[] = [];
  readonly #all: RawPeer[] = [];
  #arrived: (() => void) | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      const peer = new RawPeer(socket, true);
      this.#accepted.push(peer);
      this.#all.push(peer);
      this.#arrived?.();
    });
  }

  static async start(): Promise<RawServer> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawServer(server);
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next connection that was or will be made. It has said nothing yet. */
  async accept(timeoutMs = 3_000): Promise<RawPeer> {
    if (this.#accepted.length === 0) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
      });
      await Promise.race([new Promise<void>((resolve) => (this.#arrived = resolve)), late]);
      clearTimeout(timer);
      this.#arrived = undefined;
    }
    const peer = this.#accepted.shift();
    if (peer === undefined) throw new Error('a connection was announced that is not there');
    return peer;
  }

  /** Ends all connections and waits until the other side has let go of them too. */
  async reset(): Promise<void> {
    this.#accepted.length = 0;
    await Promise.all(
      this.#all.splice(0).map(async ({ socket }) => {
        if (socket.closed) return;
        const closed = once(socket, 'close');
        socket.end();
        socket.resume();
        const timer = setTimeout(() => socket.destroy(), 1_000);
        await closed;
        clearTimeout(timer);
      }),
    );
  }

  close(): void {
    for (const peer of this.#all.splice(0)) peer.destroy();
    this.#server.close();
  }
}

/** Answers the client's preface: SETTINGS of our own, and the acknowledgement of the client's. */
export async function welcome(
  peer: RawPeer,
  ...values: readonly (readonly [id: number, value: number])[]
): Promise<void> {
  peer.send(settings(...values));
  await peer.until("the client's SETTINGS", ({ type, flags }) => type === SETTINGS && (flags & ACK) === 0);
  peer.send(settingsAck());
}
