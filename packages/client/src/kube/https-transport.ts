import {
  type Cancel,
  errorOfStatus,
  KubeApiError,
  type KubeList,
  type KubeRequest,
  type KubeTransport,
  type KubeWatchEvent,
  type ListResult,
  type WatchHandlers,
} from '@weir/core/kube';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { StringDecoder } from 'node:string_decoder';
import type { ClusterAccess } from './cluster-access.js';

/** An object of the API server may be large, a list of 500 of them larger; more than this is no list. */
const MAX_LIST_CHARS = 256 * 2 ** 20;
/** One line of a watch is one object; etcd takes none above 1.5 MiB. */
const MAX_LINE_CHARS = 16 * 2 ** 20;

/** Requests to the API server over HTTP/1.1. Neither its connections nor its waiting keep the process alive. */
export class HttpsTransport implements KubeTransport {
  readonly #access: ClusterAccess;
  #isRefused = false;

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  list(request: KubeRequest, onResult: (result: ListResult) => void): Cancel {
    return this.#send(
      request,
      (error) => onResult({ error }),
      (response, isWanted) =>
        collect(response, (text, error) => {
          if (isWanted()) onResult(error === undefined ? parseList(text) : { error });
        }),
    );
  }

  watch(request: KubeRequest, handlers: WatchHandlers): Cancel {
    return this.#send(
      request,
      (error) => handlers.onEnd(error),
      (response, isWanted) => {
        handlers.onOpen();
        readLines(
          response,
          (line) => {
            if (isWanted()) handlers.onEvent(JSON.parse(line) as KubeWatchEvent);
          },
          (error) => {
            if (isWanted()) handlers.onEnd(error);
          },
        );
      },
    );
  }

  /** Exactly one of `onError` and `onAccepted` is called, and none once the request has been given up. */
  #send(
    { path, params, metadataOnly }: KubeRequest,
    onError: (error: KubeApiError) => void,
    onAccepted: (response: IncomingMessage, isWanted: () => boolean) => void,
  ): Cancel {
    let isOver = false;
    let hasResponse = false;
    let abort = (): void => {};
    const fail = (error: KubeApiError): void => {
      if (isOver || hasResponse) return;
      isOver = true;
      onError(error);
    };
    const { server, ca, serverName, verifiesServer } = this.#access;
    const url = new URL(`${server}${path}?${new URLSearchParams(params)}`);
    const accept = metadataOnly
      ? 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'
      : 'application/json';
    this.#access.credentials(this.#isRefused).then(
      ({ authorization, cert, key }) => {
        if (isOver) return;
        this.#isRefused = false;
        const send = url.protocol === 'http:' ? requestHttp : requestHttps;
        const sent = send(url, {
          agent: false,
          headers: {
            accept,
            'user-agent': 'weir-client',
            ...(authorization === undefined ? {} : { authorization }),
          },
          ca,
          cert,
          key,
          rejectUnauthorized: verifiesServer,
          ...(serverName === undefined ? {} : { servername: serverName }),
        });
        abort = () => sent.destroy();
        sent.on('socket', (socket) => socket.unref());
        sent.on('error', (error) => fail(unreachable(url, error)));
        sent.on('response', (response) => {
          if (isOver) return response.destroy();
          if (response.statusCode === 200) {
            // What goes wrong from here on is seen in the response.
            hasResponse = true;
            return onAccepted(response, () => !isOver);
          }
          if (response.statusCode === 401) this.#isRefused = true;
          collect(response, (text) => fail(errorOfResponse(text, response)));
        });
        sent.end();
      },
      (error: unknown) => fail(new KubeApiError(error instanceof Error ? error.message : String(error))),
    );
    return () => {
      isOver = true;
      abort();
    };
  }
}

function unreachable(url: URL, error: Error): KubeApiError {
  return new KubeApiError(`the API server at ${url.host} cannot be reached: ${error.message}`, {
    cause: error,
  });
}

function parseList(text: string): ListResult {
  try {
    return { list: JSON.parse(text) as KubeList };
  } catch {
    return { error: new KubeApiError('the API server sent a list that is not whole') };
  }
}

function errorOfResponse(text: string, { statusCode = 0, headers }: IncomingMessage): KubeApiError {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = { message: `the API server answered ${statusCode} ${text.slice(0, 200)}`.trim() };
  }
  const error = errorOfStatus(body, statusCode);
  const seconds = Number(headers['retry-after']);
  if (error.retryAfterMs !== undefined || !(seconds > 0)) return error;
  const { message, status, reason } = error;
  return new KubeApiError(message, { status, reason, retryAfterMs: 1000 * seconds });
}

/** @param onEnd once: with all of the text, or with what went wrong */
function collect(response: IncomingMessage, onEnd: (text: string, error?: KubeApiError) => void): void {
  const parts: string[] = [];
  let length = 0;
  response.setEncoding('utf8');
  response.on('data', (part: string) => {
    parts.push(part);
    length += part.length;
    if (length > MAX_LIST_CHARS) response.destroy(new Error('the answer is too long'));
  });
  onClose(response, (error) => onEnd(parts.join(''), error));
}

function readLines(
  response: IncomingMessage,
  onLine: (line: string) => void,
  onEnd: (error?: KubeApiError) => void,
): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let mistake: KubeApiError | undefined;
  response.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop()!;
    try {
      for (const line of lines) if (line.trim() !== '') onLine(line);
    } catch {
      mistake = new KubeApiError('the API server sent an event that is no JSON');
    }
    if (rest.length > MAX_LINE_CHARS)
      mistake = new KubeApiError('the API server sent an event that is too long');
    if (mistake !== undefined) response.destroy();
  });
  // An event cut in two was not sent whole: the watch goes on behind the last one that was.
  onClose(response, (error) => onEnd(mistake ?? error));
}

/** @param onEnd once, with an error unless the response came to its end */
function onClose(response: IncomingMessage, onEnd: (error?: KubeApiError) => void): void {
  let cause: Error | undefined;
  response.on('error', (error) => (cause = error));
  response.on('close', () => {
    if (response.complete && cause === undefined) return onEnd();
    const why = cause?.message ?? 'it ended in the middle';
    onEnd(new KubeApiError(`the connection to the API server broke: ${why}`, { cause }));
  });
}
