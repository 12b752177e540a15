import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listenOptions } from '../../transport/listen-options.js';
import { formatMetrics } from './metrics.js';
import { describeStatus, type ControlState } from './status.js';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';

/** Answers one request of the control plane's own HTTP endpoint. */
export function answerHttp(method: string, url: string, state: () => ControlState): HttpAnswer {
  const path = url.split('?', 1)[0] ?? '';
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
  return answer(state);
}

type Answer = (state: () => ControlState) => HttpAnswer;

const ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  // Nothing is bound before the source has been read, so whoever reaches this finds it ready.
  ['/ready', () => ({ status: 200, contentType: TEXT, body: 'ready\n' })],
  [
    '/metrics',
    (state) => ({
      status: 200,
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      body: formatMetrics(state()),
    }),
  ],
  [
    '/status',
    (state) => ({
      status: 200,
      contentType: 'application/json',
      body: `${JSON.stringify(describeStatus(state()), undefined, 2)}\n`,
    }),
  ],
]);

export interface RunningHttp {
  /** As bound. */
  readonly port: number;
  /** Stops at once; answers are short. */
  close(): void;
}

/** Binds the endpoint; rejects when the port is taken. */
export function listenHttp(host: string, port: number, state: () => ControlState): Promise<RunningHttp> {
  const serve: RequestListener = ({ method = '', url = '' }, response) => {
    const { status, contentType, body } = answerHttp(method, url, state);
    response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
    response.end(method === 'HEAD' ? undefined : body);
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
