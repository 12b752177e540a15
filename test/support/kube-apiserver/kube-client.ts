import { request } from 'node:https';
import { createInterface } from 'node:readline';
import type { KubeApiServer } from './kube-api-server.js';

export interface KubeAnswer {
  readonly status: number;
  /** Parsed where it is JSON. */
  readonly body: unknown;
}

export interface KubeCall {
  readonly method?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** Default: that of one who may do everything; `''`: none. */
  readonly token?: string;
}

/** One request to the API server, as any client makes it. */
export function callApi(server: KubeApiServer, path: string, call: KubeCall = {}): Promise<KubeAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, optionsOf(server, call), (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => {
        const isJson = response.headers['content-type'] === 'application/json';
        resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
      });
    });
    sent.on('error', reject).end(call.body === undefined ? undefined : JSON.stringify(call.body));
  });
}

export interface SeenEvent {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name?: string; readonly resourceVersion?: string };
  } & Readonly<Record<string, unknown>>;
}

export interface RunningWatch {
  readonly events: SeenEvent[];
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

/** A watch and what it has brought so far. */
export function watchApi(server: KubeApiServer, path: string, call: KubeCall = {}): Promise<RunningWatch> {
  return new Promise((resolve, reject) => {
    const events: SeenEvent[] = [];
    const sent = request(`${server.url}${path}`, optionsOf(server, call), (response) => {
      createInterface(response)
        .on('line', (line) => events.push(JSON.parse(line) as SeenEvent))
        // A connection that breaks is seen by `ended`.
        .on('error', () => {});
      const ended = new Promise<void>((end) => response.on('error', () => {}).on('close', end));
      resolve({ events, ended, close: () => sent.destroy() });
    });
    sent.on('error', reject).end();
  });
}

function optionsOf(server: KubeApiServer, { method = 'GET', contentType, accept, token, body }: KubeCall) {
  const bearer = token ?? server.adminToken;
  return {
    method,
    ca: server.ca,
    agent: false,
    headers: {
      accept: accept ?? 'application/json',
      ...(bearer !== '' && { authorization: `Bearer ${bearer}` }),
      ...(body !== undefined && { 'content-type': contentType ?? 'application/json' }),
    },
  } as const;
}
