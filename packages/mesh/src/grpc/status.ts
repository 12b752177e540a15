/** gRPC status codes (grpc/grpc doc/statuscodes.md) that a proxy itself has use for. */
export const OK = 0;
export const CANCELLED = 1;
export const UNKNOWN = 2;
export const INVALID_ARGUMENT = 3;
export const DEADLINE_EXCEEDED = 4;
export const PERMISSION_DENIED = 7;
export const RESOURCE_EXHAUSTED = 8;
export const UNIMPLEMENTED = 12;
export const INTERNAL = 13;
export const UNAVAILABLE = 14;
export const UNAUTHENTICATED = 16;

/** No `grpc-status` was seen. */
export const NO_STATUS = -1;

/** Reads the value of `grpc-status`; UNKNOWN when it is not a number from 0 to 16 in plain digits. */
export function parseStatus(value: string): number {
  const first = value.charCodeAt(0) - 0x30;
  if (value.length === 1) return first >= 0 && first <= 9 ? first : UNKNOWN;
  const second = value.charCodeAt(1) - 0x30;
  return value.length === 2 && first === 1 && second >= 0 && second <= 6 ? 10 + second : UNKNOWN;
}

/** The HTTP status that tells a caller who does not speak gRPC the same thing. */
export function httpStatusOf(code: number): number {
  switch (code) {
    case DEADLINE_EXCEEDED:
      return 504;
    case PERMISSION_DENIED:
      return 403;
    case RESOURCE_EXHAUSTED:
      return 429;
    case UNIMPLEMENTED:
      return 404;
    case INTERNAL:
      return 500;
    default:
      return 503;
  }
}

/** The gRPC status of a response that has only an HTTP status (grpc/grpc doc/http-grpc-status-mapping.md). */
export function grpcCodeOf(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return INTERNAL;
    case 401:
      return UNAUTHENTICATED;
    case 403:
      return PERMISSION_DENIED;
    case 404:
      return UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return UNAVAILABLE;
    default:
      return UNKNOWN;
  }
}
