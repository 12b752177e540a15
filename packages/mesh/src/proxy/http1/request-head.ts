import type { IncomingMessage } from 'node:http';
import type { HeaderBlock } from '../../http2/header-block.js';
import { connectionOptions, hasBody, spellOut } from './message-fields.js';

/** Methods whose requests say that they have no body (RFC 9110 8.6). */
const BODY_METHODS: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT']);

/** What `node:http` is to send. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: string[];
}

/**
 * The head of a request as the endpoint is to get it.
 *
 * @param request - after the changes of its rule
 * @param message - what came; it says how long the body is, and what else is asked of the next connection
 */
export function requestHead(request: HeaderBlock, message: IncomingMessage): RequestHead {
  const method = request.method!.value;
  const { headers: came, rawHeaders } = message;
  const headers = ['Host', request.authority!.value, ...spellOut(request.fields, rawHeaders)];
  if (came['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
  else if (came['content-length'] !== undefined) headers.push('Content-Length', came['content-length']);
  else if (BODY_METHODS.has(method)) headers.push('Content-Length', '0');
  if (came.trailer !== undefined && came['transfer-encoding'] !== undefined)
    headers.push('Trailer', came.trailer);
  const upgrades = message.headers.upgrade !== undefined && connectionOptions(message).has('upgrade');
  if (upgrades) headers.push('Connection', 'Upgrade', 'Upgrade', came.upgrade!);
  else if (acceptsTrailers(came['te'])) headers.push('Connection', 'keep-alive, TE', 'TE', 'trailers');
  return { method, path: request.path!.value, headers };
}

/**
 * The request without its wish to speak something else, as bytes. RFC 9110 7.8: "A server MAY ignore a received
 * Upgrade header field".
 *
 * @param rest - what came behind its head
 */
export function withoutUpgrade(message: IncomingMessage, rest: Buffer): Buffer {
  const { method, url, httpVersion, rawHeaders } = message;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    if (name === 'upgrade' || name === 'http2-settings' || name === 'connection') continue;
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  }
  const kept = [...connectionOptions(message)].filter(
    (option) => option !== 'upgrade' && option !== 'http2-settings',
  );
  if (kept.length > 0) lines.push(`connection: ${kept.join(', ')}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]);
}

/**
 * Whether to let a request change the protocol of its connection. Not to HTTP/2: the requests of such a connection
 * could not be told apart any more. Nor with a body, which would come before the change.
 */
export function mayUpgrade(message: IncomingMessage): boolean {
  return !hasBody(message) && !/\bh2c?\b/i.test(message.headers.upgrade ?? '');
}

function acceptsTrailers(te: string | readonly string[] | undefined): boolean {
  return /(?:^|,)\s*trailers\s*(?:,|$)/i.test(String(te ?? ''));
}
