import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listenOptions } from '../../transport/listen-options.js';
import type { ComparedClient } from './client-config.js';
import { formatMetrics } from './metrics.js';
import { describeStatus, type ControlState } from './status.js';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';

/** What the pages are made of, looked up when one is asked for. */
export interface PageSources {
  readonly state: () => ControlState;
  /** What a client holds and what it should: of all streams with that id or pod. */
  readonly compare: (client: string) => Promise<readonly ComparedClient[]>;
}

/** Answers one request of the control plane's own HTTP endpoint. */
export async function answerHttp(method: string, url: string, sources: PageSources): Promise<HttpAnswer> {
  const { pathname: path, searchParams } = new URL(url, 'http://control');
  const answer = ANSWERS.get(path);
  if (answer === undefined) {
    return {
      status: 404,
      contentType: TEXT,
      body: `not found; there are ${[...ANSWERS.keys()].join(', ')}\n`,
    };
  }
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, contentType: TEXT, body: 'only GET is allowed\n' };
  return answer(sources, searchParams);
}

type Answer = (sources: PageSources, query: URLSearchParams) => HttpAnswer | Promise<HttpAnswer>;

const json = (document: unknown): HttpAnswer => ({
  status: 200,
  contentType: 'application/json',
  body: `${JSON.stringify(document, undefined, 2)}\n`,
});

const ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  // Nothing is bound before the source has been read, so whoever reaches this finds it ready.
  ['/ready', () => ({ status: 200, contentType: TEXT, body: 'ready\n' })],
  [
    '/metrics',
    ({ state }) => ({
      status: 200,
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      body: formatMetrics(state()),
    }),
  ],
  ['/status', ({ state }) => json(describeStatus(state()))],
  [
    '/config',
    async ({ compare }, query) => {
      const client = query.get('client') ?? '';
      const found = await compare(client);
      if (found.length > 0) return json(found);
      const body = `no client ${JSON.stringify(client)} is connected; /status lists those that are\n`;
      return { status: 404, contentType: TEXT, body };
    },
  ],
]);

export interface RunningHttp {
  /** As bound. */
  readonly port: number;
  /** Stops at once; answers are short. */
  close(): void;
}

/** Binds the endpoint; rejects when the port is taken. */
export function listenHttp(host: string, port: number, sources: PageSources): Promise<RunningHttp> {
  const serve: RequestListener = ({ method = '', url = '' }, response) => {
    answerHttp(method, url, sources)
      .catch((error: unknown) => ({ status: 500, contentType: TEXT, body: `${String(error)}\n` }))
      .then(({ status, contentType, body }) => {
        response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
        response.end(method === 'HEAD' ? undefined : body);
      })
      .catch(() => response.destroy());
  };
  const server = createServer(serve);
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenOptions({ host, port }), () => {
      server.off('error', reject);
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}
