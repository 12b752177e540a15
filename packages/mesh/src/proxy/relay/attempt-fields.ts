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
  const fields: HeaderField[] = [];
  for (const field of request.fields) {
    const { name } = field;
    if (name === TIMEOUT && leftMs !== Infinity) continue;
    if (name === PREVIOUS_ATTEMPTS && retries > 0) continue;
    fields.push(field);
  }
  // Rounded up, so that it is the proxy that ends the call and says which time was up.
  if (leftMs !== Infinity) fields.push(timeoutField(Math.ceil(leftMs)));
  // The caller's own attempts count as well.
  if (retries > 0)
    fields.push(new HeaderField(PREVIOUS_ATTEMPTS, String(callersAttempts(request) + retries)));
  return fields;
}

/** Calls of one millisecond have the same timeout by the same rule. */
let lastTimeoutMs = -1;
let lastTimeout = new HeaderField(TIMEOUT, '0m');

function timeoutField(timeoutMs: number): HeaderField {
  if (timeoutMs === lastTimeoutMs) return lastTimeout;
  lastTimeoutMs = timeoutMs;
  lastTimeout = new HeaderField(TIMEOUT, formatGrpcTimeout(timeoutMs));
  return lastTimeout;
}

function callersAttempts(request: HeaderBlock): number {
  const value = request.get(PREVIOUS_ATTEMPTS) ?? '';
  return /^\d{1,5}$/.test(value) ? Number(value) : 0;
}
