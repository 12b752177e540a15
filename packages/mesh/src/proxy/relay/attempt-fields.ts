import { formatGrpcTimeout } from '@weir/core';
import { isGrpc } from '../../grpc/content-type.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { HeaderField } from '../../http2/hpack/header-field.js';

const TIMEOUT = 'grpc-timeout';
const PREVIOUS_ATTEMPTS = 'grpc-previous-rpc-attempts';

/**
 * The fields of a request as an attempt carries them: a gRPC endpoint is told how long the attempt may take
 * (gRPC over HTTP/2, "Timeout") and how many were made before it (gRFC A6).
 *
 * @param leftMs - until the attempt's deadline; `Infinity` leaves the caller's word
 * @param retries - attempts made before, not counting those that the endpoint has not seen
 */
export function attemptFields(request: HeaderBlock, leftMs: number, retries: number): readonly HeaderField[] {
  if (!isGrpc(request) || (leftMs === Infinity && retries === 0)) return request.fields;
  const fields = request.fields.filter(
    ({ name }) => !(name === TIMEOUT && leftMs !== Infinity) && !(name === PREVIOUS_ATTEMPTS && retries > 0),
  );
  // Rounded up, so that it is the proxy that ends the call and says which time was up.
  if (leftMs !== Infinity) fields.push(new HeaderField(TIMEOUT, formatGrpcTimeout(Math.ceil(leftMs))));
  // The caller's own attempts count as well.
  if (retries > 0)
    fields.push(new HeaderField(PREVIOUS_ATTEMPTS, String(callersAttempts(request) + retries)));
  return fields;
}

function callersAttempts(request: HeaderBlock): number {
  const value = request.get(PREVIOUS_ATTEMPTS) ?? '';
  return /^\d{1,5}$/.test(value) ? Number(value) : 0;
}
