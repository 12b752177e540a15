import { HeaderField } from '../http2/hpack/header-field.js';
import { percentEncode } from './percent-encoding.js';

const STATUS_200 = new HeaderField(':status', '200');
const CONTENT_TYPE = new HeaderField('content-type', 'application/grpc');

/** The trailers that end a gRPC response with `code`. */
export function statusTrailers(code: number, message: string): HeaderField[] {
  return [
    new HeaderField('grpc-status', String(code)),
    new HeaderField('grpc-message', percentEncode(message)),
  ];
}

/** A whole gRPC response that is nothing but a status ("Trailers-Only" in gRPC over HTTP/2). */
export function trailersOnly(code: number, message: string): HeaderField[] {
  return [STATUS_200, CONTENT_TYPE, ...statusTrailers(code, message)];
}
