import { once } from 'node:events';
import { createServer, type Http2Server, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { ConfigDirectory } from '../../../support/config-directory.js';
import { dial, handshake } from '../../../support/raw-frames/raw-client.js';
import type { RawPeer } from '../../../support/raw-frames/raw-peer.js';
import { startRun, type WeirProcess } from '../../../support/weir-process.js';

export const CONTENT = 'hello from behind the sidecar\n';
/** What `/large` answers with, in octets. */
export const LARGE_BYTES = 100_000;

/**
 * The sidecar in front of an ordinary server, which answers GET at once and others when the request is complete.
 * Clients of the tests talk to the sidecar's port for the server's service.
 */
export class Target {
  /** Requests that reached the server since the test began. */
  readonly requests: IncomingHttpHeaders[] = [];
  readonly #directory = new ConfigDirectory();
  readonly #clients: RawPeer[] = [];
  #server: Http2Server | undefined;
  #weir: WeirProcess | undefined;

  async start(): Promise<void> {
    const server = createServer();
    this.#server = server;
    server.on('stream', (stream, headers) => {
      this.requests.push(headers);
      stream.on('error', () => {
        // The tests look at the client's side.
      });
      const large = headers[':path'] === '/large';
      const answer = (): void => {
        if (stream.destroyed) return;
        stream.respond({ ':status': 200, 'content-type': 'text/plain' });
        stream.end(large ? Buffer.alloc(LARGE_BYTES, 'x') : CONTENT);
      };
      if (headers[':method'] === 'GET' || headers[':method'] === 'HEAD') answer();
      else stream.resume().on('end', answer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    this.#directory.serviceEntry('backend.test', 80, [`127.0.0.1:${port}`]);
    this.#weir = await startRun(this.#directory.path, '--listen', 'backend.test:80=127.0.0.1:0');
    await this.#weir.ready();
  }

  get address(): string {
    if (this.#weir === undefined) throw new Error('the target has not been started');
    return this.#weir.listener('backend.test:80');
  }

  /** A connection on which nothing was said. */
  async connect(): Promise<RawPeer> {
    const client = await dial(this.address);
    this.#clients.push(client);
    return client;
  }

  /** A connection after the exchange of SETTINGS. */
  async client(...values: readonly (readonly [id: number, value: number])[]): Promise<RawPeer> {
    const client = await this.connect();
    await handshake(client, ...values);
    return client;
  }

  /** After each test. */
  reset(): void {
    for (const client of this.#clients.splice(0)) client.destroy();
    this.requests.length = 0;
  }

  async close(): Promise<void> {
    this.reset();
    this.#server?.close();
    await this.#weir?.process.kill();
    this.#directory.destroy();
  }
}
