/** Names of the gRPC status codes by number, as they are written in a retry policy: `deadline-exceeded`. */
export const GRPC_CODE_NAMES = [
  'ok',
  'cancelled',
  'unknown',
  'invalid-argument',
  'deadline-exceeded',
  'not-found',
  'already-exists',
  'permission-denied',
  'resource-exhausted',
  'failed-precondition',
  'aborted',
  'out-of-range',
  'unimplemented',
  'internal',
  'unavailable',
  'data-loss',
  'unauthenticated',
] as const;

export const DEADLINE_EXCEEDED = 4;
export const RESOURCE_EXHAUSTED = 8;

/**
 * The HTTP status that says what a gRPC status says, as Envoy's outlier detection has it
 * (`Grpc::Utility::grpcToHttpStatus`).
 */
export function grpcToHttpStatus(code: number): number {
  return HTTP_STATUSES[code] ?? 500;
}

const HTTP_STATUSES = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];
