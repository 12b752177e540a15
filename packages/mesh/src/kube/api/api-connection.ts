import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import {
  errorOfStatus,
  KubeApiError,
  type Cancel,
  type KubeList,
  type KubeRequest,
  type KubeTransport,
  type KubeWatchEvent,
  type ListResult,
  type WatchHandlers,
} from '@weir/core/kube';
import type { ClusterAccess } from './access/cluster-access.js';
import { describeConnectError } from './describe-error.js';

const JSON_TYPE = 'application/json';
/** What the server does not have in that form comes whole. */
const METADATA_LIST = `${JSON_TYPE};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,${JSON_TYPE}`;
const METADATA_WATCH = `${JSON_TYPE};as=PartialObjectMetadata;g=meta.k8s.io;v=v1,${JSON_TYPE}`;

/** A silent connection is probed after this time: a watch may be silent for minutes, and its peer be gone. */
const KEEP_ALIVE_MS = 10_000;

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  /** Default: JSON. */
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

/**
 * Requests to one API server, over HTTP/1.1 with connections that are kept. Responses of watches are read line by
 * line as they come; there is no more between the socket and the reflector than `JSON.parse`.
 */
export class ApiConnection implements KubeTransport {
  readonly #access: ClusterAccess;
  readonly #agent: HttpAgent;

  constructor(access: ClusterAccess) {
    this.#access = access;
    const options = { keepAlive: true, maxFreeSockets: 2 };
    this.#agent = access.server.protocol === 'http:' ? new HttpAgent(options) : new HttpsAgent(options);
  }

  list({ path, params, metadataOnly }: KubeRequest, onResult: (result: ListResult) => void): Cancel {
    const accept = metadataOnly ? METADATA_LIST : JSON_TYPE;
    return this.#start(async (signal) => {
      try {
        const response = await this.#send({ method: 'GET', path: withQuery(path, params) }, accept, signal);
        const list = (await readJson(response)) as KubeList;
        if (!Array.isArray(list.items) && list.items !== null) throw new KubeApiError(`${path} is no list`);
        if (!signal.aborted) onResult({ list: list.items === null ? { ...list, items: [] } : list });
      } catch (error) {
        if (!signal.aborted) onResult({ error: this.#apiError(error) });
      }
    });
  }

  watch({ path, params, metadataOnly }: KubeRequest, { onOpen, onEvent, onEnd }: WatchHandlers): Cancel {
    const accept = metadataOnly ? METADATA_WATCH : JSON_TYPE;
    return this.#start(async (signal) => {
      try {
        const response = await this.#send({ method: 'GET', path: withQuery(path, params) }, accept, signal);
        if (signal.aborted) return;
        onOpen();
        await readLines(response, (line) => {
          if (!signal.aborted) onEvent(JSON.parse(line) as KubeWatchEvent);
        });
        if (!signal.aborted) onEnd(undefined);
      } catch (error) {
        if (!signal.aborted) onEnd(this.#apiError(error));
      }
    });
  }

  /**
   * One request outside of lists and watches.
   *
   * @returns what the server answered, parsed
   * @throws KubeApiError when it cannot be asked, or says no
   */
  async call({ timeoutMs = 10_000, ...call }: ApiCall): Promise<unknown> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await readJson(await this.#send(call, JSON_TYPE, signal));
    } catch (error) {
      throw signal.aborted
        ? new KubeApiError(`${this.#access.server.origin} did not answer within ${timeoutMs} ms`)
        : this.#apiError(error);
    }
  }

  /** Breaks what connections there are. */
  destroy(): void {
    this.#agent.destroy();
  }

  #start(run: (signal: AbortSignal) => Promise<void>): Cancel {
    const controller = new AbortController();
    void run(controller.signal);
    return () => controller.abort();
  }

  async #send(call: ApiCall, accept: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { headers, agent, ...tls } = await this.#credentials();
    const { server } = this.#access;
    const { method, path, body, contentType = JSON_TYPE } = call;
    const options: RequestOptions & typeof tls = {
      ...withoutUndefined(tls),
      method,
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port || (server.protocol === 'http:' ? 80 : 443),
      path: server.pathname.replace(/\/$/, '') + path,
      agent: agent ?? this.#agent,
      signal,
      headers: {
        ...headers,
        accept,
        'user-agent': 'weir',
        ...(body !== undefined && { 'content-type': contentType }),
      },
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = server.protocol === 'http:' ? httpRequest : httpsRequest;
      const request = send(options, resolve);
      request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
    if ((response.statusCode ?? 0) < 300) return response;
    if (response.statusCode === 401) this.#access.refused();
    throw await errorOfResponse(response);
  }

  async #credentials() {
    try {
      return await this.#access.credentials();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new KubeApiError(`there are no credentials for ${this.#access.description}: ${reason}`, {
        cause,
      });
    }
  }

  #apiError(error: unknown): KubeApiError {
    if (error instanceof KubeApiError) return error;
    return new KubeApiError(describeConnectError(this.#access.server, error), { cause: error });
  }
}

async function errorOfResponse(response: IncomingMessage): Promise<KubeApiError> {
  const status = response.statusCode ?? 0;
  const text = await readText(response);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy, or a path that no API has: `404 page not found`.
    body = { code: status, message: `${status} ${text.trim().slice(0, 200)}` };
  }
  const error = errorOfStatus(body, status);
  const seconds = Number(response.headers['retry-after']);
  if (error.retryAfterMs !== undefined || !(seconds > 0)) return error;
  return new KubeApiError(error.message, { status, reason: error.reason, retryAfterMs: seconds * 1000 });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  return JSON.parse(await readText(response));
}

/** Events rather than an iterator: what came in one read is handed on in one turn. */
function readLines(response: IncomingMessage, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let parts: string[] = [];
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      let start = 0;
      for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
        const line = parts.join('') + chunk.slice(start, end);
        parts = [];
        start = end + 1;
        if (line === '') continue;
        try {
          onLine(line);
        } catch (error) {
          response.destroy();
          reject(error);
          return;
        }
      }
      if (start < chunk.length) parts.push(chunk.slice(start));
    });
    response.on('end', resolve);
    response.on('error', reject);
    // Cut off in the middle, without the last chunk.
    response.on('close', () => reject(new KubeApiError('the watch was cut off')));
  });
}

function withQuery(path: string, params: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(params).toString();
  return query === '' ? path : `${path}?${query}`;
}

function withoutUndefined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
