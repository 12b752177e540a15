import type { IncomingMessage } from 'node:http';
import { type HeaderBlock, readRequest } from '../../http2/header-block.js';
import type { FieldInterner } from '../../http2/hpack/header-field.js';
import { endToEndFields } from './message-fields.js';

/** A request that nobody should get. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/**
 * The request as rules look at it: as if it had come by HTTP/2. Refused is what two readers could take for two
 * different things (RFC 9112 11.2), beyond what the parser of `node:http` refuses by itself.
 *
 * @param destination - stands in for the `Host` that HTTP/1.0 need not have
 */
export function readHttp1Request(
  message: IncomingMessage,
  destination: string,
  interner: FieldInterner,
): HeaderBlock | Refusal {
  const { method = '', url = '', headers, rawHeaders } = message;
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && headers['content-length'] !== undefined)
    return refusal(400, 'both Content-Length and Transfer-Encoding');
  if (coding !== undefined && message.httpVersion === '1.0')
    return refusal(400, 'Transfer-Encoding in HTTP/1.0');
  // RFC 9112 6.1: of a coding that it does not understand a server should say 501.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return refusal(501, 'a transfer coding other than chunked');
  if (countOf(rawHeaders, 'host') > 1) return refusal(400, 'more than one Host');
  if (!url.startsWith('/') && url !== '*')
    return refusal(400, 'a target that is no path: this is no forward proxy');
  const fields = [
    interner.intern(':method', method),
    interner.intern(':scheme', 'http'),
    interner.intern(':authority', headers.host ?? destination),
    interner.intern(':path', url),
    ...endToEndFields(message),
  ];
  return readRequest(fields) ?? refusal(400, 'a Host, target or header that is not valid');
}

/** Tells a refusal from a request. */
export function isRefusal(read: HeaderBlock | Refusal): read is Refusal {
  return 'reason' in read;
}

function refusal(status: number, what: string): Refusal {
  return { status, reason: `weir: the request has ${what}` };
}

function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]!.toLowerCase() === name) count++;
  return count;
}
