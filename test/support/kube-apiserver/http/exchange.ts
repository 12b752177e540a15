import type { TLSSocket } from 'node:tls';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { parseAllDocuments } from 'yaml';
import { isRecord, type Json } from '../objects/api-object.js';
import { badRequest, StatusError } from '../objects/status-error.js';

/** One request and its response, whichever HTTP it came over. */
export class Exchange {
  readonly method: string;
  readonly url: URL;
  readonly #request: IncomingMessage | Http2ServerRequest;
  readonly #warnings: string[] = [];
  readonly #response: ServerResponse | Http2ServerResponse;

  constructor(request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) {
    this.#request = request;
    this.#response = response;
    this.method = request.method ?? 'GET';
    this.url = new URL(request.url ?? '/', 'https://server');
  }

  header(name: string): string {
    const value = this.#request.headers[name];
    return typeof value === 'string' ? value : '';
  }

  get accept(): string {
    return this.header('accept');
  }

  get contentType(): string {
    return this.header('content-type').split(';', 1)[0]?.trim() ?? '';
  }

  /** Name and groups of a client certificate the server's authority vouches for. */
  get certificate(): { readonly username: string; readonly groups: readonly string[] } | undefined {
    const socket = (
      'stream' in this.#request ? this.#request.stream.session?.socket : this.#request.socket
    ) as TLSSocket | undefined;
    if (socket?.authorized !== true) return undefined;
    const { subject } = socket.getPeerCertificate();
    const { CN = '', O: organizations = [] } = (subject ?? {}) as { CN?: string; O?: string | string[] };
    const groups = typeof organizations === 'string' ? [organizations] : organizations;
    return CN === '' ? undefined : { username: CN, groups: [...groups, 'system:authenticated'] };
  }

  onClose(closed: () => void): void {
    this.#response.on('close', closed);
  }

  async body(): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.#request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    if (text === '') return undefined;
    if (this.contentType.includes('yaml')) return parseAllDocuments(text)[0]?.toJS();
    if (this.contentType !== '' && !this.contentType.includes('json'))
      throw new StatusError(
        415,
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`,
      );
    try {
      return JSON.parse(text);
    } catch {
      throw badRequest('the object provided is unrecognized (must be of type JSON)');
    }
  }

  async recordBody(): Promise<Json> {
    const body = await this.body();
    if (!isRecord(body)) throw badRequest('the request has no object in its body');
    return body;
  }

  answer(status: number, body: unknown): void {
    this.#answerText(status, 'application/json', `${JSON.stringify(body)}\n`);
  }

  answerText(status: number, text: string): void {
    this.#answerText(status, 'text/plain; charset=utf-8', text);
  }

  /** Has clients print something besides the answer. */
  warn(text: string): void {
    // UTF-8 in the bytes of the header, as the real server writes it; Node writes a byte for each character.
    this.#warnings.push(Buffer.from(`299 - ${JSON.stringify(text)}`).toString('latin1'));
  }

  fail(error: unknown): void {
    const status =
      error instanceof StatusError
        ? error
        : new StatusError(500, 'InternalError', error instanceof Error ? String(error.stack) : String(error));
    if (this.#response.headersSent) {
      this.destroy();
      return;
    }
    const seconds = status.details?.['retryAfterSeconds'];
    if (typeof seconds === 'number') this.#response.setHeader('retry-after', String(seconds));
    this.answer(status.code, status.toJson());
  }

  /** Begins a response that is written line by line. */
  stream(): { send(value: unknown): void; end(): void; destroy(): void } {
    this.#response.writeHead(200, { 'content-type': 'application/json' });
    // Headers go out at once, not with the first event.
    if ('flushHeaders' in this.#response) this.#response.flushHeaders();
    return {
      send: (value) => this.#write(`${JSON.stringify(value)}\n`),
      end: () => void this.#response.end(),
      destroy: () => this.destroy(),
    };
  }

  /** Breaks the connection. */
  destroy(): void {
    if ('stream' in this.#response) this.#response.stream?.session?.destroy();
    else this.#response.socket?.destroy();
  }

  #write(text: string): void {
    if ('stream' in this.#response) this.#response.write(text);
    else this.#response.write(text);
  }

  #answerText(status: number, contentType: string, text: string): void {
    if (this.#warnings.length > 0) this.#response.setHeader('warning', this.#warnings);
    this.#response.writeHead(status, { 'content-type': contentType });
    this.#response.end(this.method === 'HEAD' ? '' : text);
  }
}
