/** gRPC status codes by number (grpc doc/statuscodes.md). */
export const GRPC_CODE_NAMES: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** The number of a status written by name or as a number; undefined when there is none such. */
export function codeOfName(text: string): number | undefined {
  const known = GRPC_CODE_NAMES.indexOf(text);
  if (known >= 0) return known;
  // The spelling of gRPC for Go and of Envoy's fault filter.
  if (text === 'CANCELED') return 1;
  return /^\d{1,2}$/.test(text) && Number(text) < GRPC_CODE_NAMES.length ? Number(text) : undefined;
}
