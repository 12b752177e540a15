import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { socketErrorText } from '../../transport/socket-error.js';
import type { AttemptFailure } from '../relay/attempt-failure.js';
import { MAX_HEADER_BYTES } from './connections.js';

/** RFC 9110 9.2.2: what may be done twice. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'TRACE']);

/** The most of an unwanted response that is read so that its connection can be used again. */
const MAX_UNWANTED_BYTES = 64 * 1024;

/** What becomes of a request at an endpoint. */
export interface Http1CallEvents {
  /** There is a connection. */
  onConnection(): void;
  /** 1xx other than 101. */
  onInformation(status: number, headers: Record<string, string | string[] | undefined>): void;
  onResponse(message: IncomingMessage): void;
  /** The endpoint has changed to another protocol; `head` came behind its answer. */
  onUpgrade(message: IncomingMessage, socket: Socket, head: Buffer): void;
  /** There is no response, or none that can be passed on. */
  onFailed(failure: AttemptFailure): void;
}

/** One attempt's request on a connection of HTTP/1.1. */
export class Http1Call {
  readonly request: ClientRequest;
  #settled = false;
  #connected = false;
  #message: IncomingMessage | undefined = undefined;

  constructor(request: ClientRequest, events: Http1CallEvents) {
    this.request = request;
    const onConnect = (): void => {
      this.#connected = true;
      events.onConnection();
    };
    request.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', onConnect);
      else onConnect();
    });
    request.on('continue', () => events.onInformation(100, {}));
    request.on('information', ({ statusCode, headers }) => events.onInformation(statusCode, headers));
    request.on('response', (message) => {
      this.#message = message;
      if (this.#settle()) events.onResponse(message);
      else message.destroy();
    });
    request.on('upgrade', (message, socket, head) => {
      if (this.#settle()) events.onUpgrade(message, socket as Socket, head);
      else socket.destroy();
    });
    const fail = (failure: AttemptFailure): void => {
      if (this.#settle()) events.onFailed(failure);
    };
    request.on('error', (error) => fail(this.#failureOf(error)));
    request.on('close', () => fail({ kind: 'lost', message: 'it was closed' }));
  }

  /** Nobody wants what is still to come, or to be sent. */
  cancel(): void {
    this.#settled = true;
    this.request.destroy();
  }

  /** The response is not for the caller. */
  discard(): void {
    const message = this.#message;
    const length = Number(message?.headers['content-length'] ?? Infinity);
    if (message === undefined || !this.request.writableFinished || length > MAX_UNWANTED_BYTES)
      return this.cancel();
    message.on('error', () => {});
    message.resume();
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
  }

  #failureOf(error: Error): AttemptFailure {
    const message = socketErrorText(error);
    if (!this.#connected) return { kind: 'connect', message };
    if ('code' in error && error.code === 'HPE_HEADER_OVERFLOW')
      return { kind: 'headers-too-large', limitBytes: MAX_HEADER_BYTES };
    // The endpoint has closed a connection that waited, as we wrote on it (RFC 9112 9.3.1).
    if (this.request.reusedSocket && IDEMPOTENT.has(this.request.method)) return { kind: 'unsent', message };
    return { kind: 'lost', message };
  }
}
