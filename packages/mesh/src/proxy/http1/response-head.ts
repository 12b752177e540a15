import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HeaderBlock, readResponse } from '../../http2/header-block.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import { endToEndFields, spellOut } from './message-fields.js';

/** The head of a response as rules look at it; `undefined` when it is none that can be passed on. */
export function readHttp1Response(message: IncomingMessage): HeaderBlock | undefined {
  const coding = message.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return undefined;
  return readResponse([new HeaderField(':status', String(message.statusCode)), ...endToEndFields(message)]);
}

/**
 * Writes the head of a response to the caller.
 *
 * @param fields - after the changes of the rule
 * @param message - what came; it says how long the body is
 */
export function writeResponseHead(
  response: ServerResponse,
  fields: readonly HeaderField[],
  message: IncomingMessage,
): void {
  const { statusCode = 502, statusMessage, rawHeaders, headers: came } = message;
  const headers = spellOut(fields, rawHeaders);
  const length = came['content-length'];
  // RFC 9110 8.6: no Content-Length "in any response with a status code of 1xx (Informational) or 204".
  if (length !== undefined && statusCode !== 204) headers.push('Content-Length', length);
  else if (came.trailer !== undefined && canHaveTrailers(response, statusCode))
    headers.push('Trailer', came.trailer, 'Transfer-Encoding', 'chunked');
  response.sendDate = false;
  response.writeHead(statusCode, statusMessage, headers);
}

function canHaveTrailers({ req }: ServerResponse, status: number): boolean {
  return req.httpVersion !== '1.0' && req.method !== 'HEAD' && status !== 204 && status !== 304;
}
