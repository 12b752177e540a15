import { isGrpc } from '../../grpc/content-type.js';
import { trailersOnly } from '../../grpc/status-fields.js';
import type { Http2Connection } from '../../http2/connection.js';
import { NO_ERROR } from '../../http2/error-code.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { HeaderChanges } from './header-changes.js';

/** What a rule answers in the endpoint's place. */
export interface Answer {
  readonly httpStatus: number;
  /** For gRPC callers, who get it instead of the HTTP status. */
  readonly grpcCode: number;
  /** `grpc-message`, or the body as it is written here. */
  readonly text: string;
  readonly fields: readonly HeaderField[];
  /** What becomes of all its fields on their way out. */
  readonly changes: HeaderChanges | undefined;
}

const CONTENT_TYPE = new HeaderField('content-type', 'text/plain');

/**
 * Sends an answer whole, as Envoy's `sendLocalReply` has it: Trailers-Only to a gRPC caller, to any other the
 * HTTP status with the text as its body.
 *
 * @param lastFields - has the last word on the fields of a gRPC response
 */
export function sendAnswer<Owner>(
  connection: Http2Connection<Owner>,
  stream: Http2Stream<Owner>,
  request: HeaderBlock,
  { httpStatus, grpcCode, text, fields, changes }: Answer,
  lastFields: (fields: readonly HeaderField[]) => readonly HeaderField[],
): void {
  const change = (all: readonly HeaderField[]): readonly HeaderField[] => changes?.apply(all) ?? all;
  if (isGrpc(request)) {
    connection.sendHeaders(stream, lastFields(change([...trailersOnly(grpcCode, text), ...fields])), true);
    return;
  }
  const body = Buffer.from(text);
  const described =
    body.length === 0 ? [] : [CONTENT_TYPE, new HeaderField('content-length', String(body.length))];
  const all = change([new HeaderField(':status', String(httpStatus)), ...described, ...fields]);
  // RFC 9110 9.3.2: "the server MUST NOT send content in the response" to HEAD.
  const bare = body.length === 0 || request.method?.value === 'HEAD';
  connection.sendHeaders(stream, all, bare);
  // A text of a few lines fits any window but a closed one; then the status has to do.
  if (!bare && connection.sendData(stream, body, 0, body.length, true, true) < body.length) {
    connection.resetStream(stream, NO_ERROR);
  }
}
