import type { Http2Connection } from '../../http2/connection.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import { httpStatusOf } from '../../grpc/status.js';
import { trailersOnly } from '../../grpc/status-fields.js';

/**
 * Answers a request in the endpoint's place: a gRPC caller gets Trailers-Only with `code` and `message`,
 * any other the matching HTTP status and the message as text.
 */
export function replyLocally<Owner>(
  connection: Http2Connection<Owner>,
  stream: Http2Stream<Owner>,
  grpc: boolean,
  code: number,
  message: string,
): void {
  if (grpc) {
    connection.sendHeaders(stream, trailersOnly(code, message), true);
    return;
  }
  const body = Buffer.from(`${message}\n`);
  const fields = [
    new HeaderField(':status', String(httpStatusOf(code))),
    new HeaderField('content-type', 'text/plain; charset=utf-8'),
    new HeaderField('content-length', String(body.length)),
  ];
  connection.sendHeaders(stream, fields, false);
  // A message of one line fits any window but a closed one; then the status has to do.
  if (connection.sendData(stream, body, 0, body.length, true, true) < body.length) {
    connection.resetStream(stream, 0);
  }
}
