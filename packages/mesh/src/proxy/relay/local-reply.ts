import { isGrpc } from '../../grpc/content-type.js';
import { trailersOnly } from '../../grpc/status-fields.js';
import { httpStatusOf } from '../../grpc/status.js';
import type { Http2Connection } from '../../http2/connection.js';
import { NO_ERROR } from '../../http2/error-code.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';

const CONTENT_TYPE = new HeaderField('content-type', 'text/plain; charset=utf-8');

/**
 * Answers a request in the endpoint's place: a gRPC caller gets Trailers-Only with `code` and `message`,
 * any other the matching HTTP status and the message as text.
 *
 * @param lastFields - has the last word on the fields of a gRPC response
 */
export function replyLocally<Owner>(
  connection: Http2Connection<Owner>,
  stream: Http2Stream<Owner>,
  request: HeaderBlock,
  code: number,
  message: string,
  lastFields: (fields: readonly HeaderField[]) => readonly HeaderField[] = (fields) => fields,
): void {
  if (isGrpc(request)) connection.sendHeaders(stream, lastFields(trailersOnly(code, message)), true);
  else replyText(connection, stream, request, httpStatusOf(code), message);
}

/** Answers with an HTTP status and one line of text. */
export function replyText<Owner>(
  connection: Http2Connection<Owner>,
  stream: Http2Stream<Owner>,
  request: HeaderBlock,
  status: number,
  message: string,
): void {
  const body = Buffer.from(`${message}\n`);
  const fields = [
    new HeaderField(':status', String(status)),
    CONTENT_TYPE,
    new HeaderField('content-length', String(body.length)),
  ];
  // RFC 9110 9.3.2: "the server MUST NOT send content in the response" to HEAD.
  const bare = request.method?.value === 'HEAD';
  connection.sendHeaders(stream, fields, bare);
  // A message of one line fits any window but a closed one; then the status has to do.
  if (!bare && connection.sendData(stream, body, 0, body.length, true, true) < body.length) {
    connection.resetStream(stream, NO_ERROR);
  }
}
