import { once } from 'node:events';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';

/** A connection to `target` by HTTP CONNECT. */
export async function tunnelTo(proxy: string, target: string): Promise<Socket> {
  const [host, port] = proxy.split(':');
  const socket = connect({ host: host!, port: Number(port), allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString().startsWith('HTTP/1.1 200 ')) throw new Error(answer.toString());
  return socket;
}

export interface Http1Call {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Http1Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
  readonly tookMs: number;
}

/** A real client of HTTP/1.1 that has one connection to `target`, which it keeps. */
export class Http1TestClient {
  readonly #agent: Agent;
  readonly #target: string;

  private constructor(target: string, socket: Socket) {
    this.#target = target;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#agent.createConnection = () => socket;
  }

  static async connect(proxy: string, target: string): Promise<Http1TestClient> {
    return new Http1TestClient(target, await tunnelTo(proxy, target));
  }

  call({ path = '/', method = 'GET', headers = {}, body }: Http1Call = {}): Promise<Http1Reply> {
    const begunMs = performance.now();
    return new Promise((resolve, reject) => {
      const made = request({ agent: this.#agent, path, method, headers: { host: this.#target, ...headers } });
      made.on('error', reject);
      made.on('response', (message) => {
        const chunks: Buffer[] = [];
        message.on('data', (chunk: Buffer) => chunks.push(chunk));
        message.on('error', reject);
        message.on('end', () =>
          resolve({
            status: message.statusCode ?? 0,
            headers: message.headers,
            trailers: message.trailers,
            body: Buffer.concat(chunks),
            tookMs: performance.now() - begunMs,
          }),
        );
      });
      made.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Sends bytes as they are and gives everything that comes back until the other side closes. */
export async function exchangeRaw(proxy: string, target: string, bytes: string): Promise<string> {
  const socket = await tunnelTo(proxy, target);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write(bytes, 'latin1');
  await once(socket, 'end');
  socket.destroy();
  return text;
}
