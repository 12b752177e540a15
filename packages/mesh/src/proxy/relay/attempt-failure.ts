import { INTERNAL, RESOURCE_EXHAUSTED, UNAVAILABLE } from '../../grpc/status.js';
import { errorCodeName } from '../../http2/error-code.js';

/** Why an attempt ended without a whole response. */
export type AttemptFailure =
  /** No connection could be had: nothing was sent. */
  | { readonly kind: 'connect'; readonly message: string }
  /** The request was still in our own buffer when the connection went. */
  | { readonly kind: 'unsent'; readonly message: string }
  /** GOAWAY said that the stream was not processed. */
  | { readonly kind: 'goaway' }
  /** RST_STREAM with REFUSED_STREAM: not processed. */
  | { readonly kind: 'refused' }
  /** The endpoint reset the stream for another reason. */
  | { readonly kind: 'reset'; readonly errorCode: number }
  /** The endpoint broke the protocol. */
  | { readonly kind: 'protocol'; readonly errorCode: number }
  /** The endpoint's headers or trailers are over our limit. */
  | { readonly kind: 'headers-too-large'; readonly limitBytes: number }
  /** A limit of the cluster kept the request here. */
  | { readonly kind: 'overflow'; readonly message: string }
  /** The endpoint takes no more of the request. */
  | { readonly kind: 'stalled'; readonly timeoutMs: number }
  /** The connection was lost with the request on it: processed or not, nobody knows. */
  | { readonly kind: 'lost'; readonly message: string };

/** The endpoint provably did nothing with the request, so that sending it elsewhere is safe whatever it is. */
export function isUnprocessed({ kind }: AttemptFailure): boolean {
  return kind === 'connect' || kind === 'unsent' || kind === 'goaway' || kind === 'refused';
}

/** What happened to an attempt, in words for the caller. */
export function describeFailure(failure: AttemptFailure): string {
  switch (failure.kind) {
    case 'connect':
      return `cannot connect: ${failure.message}`;
    case 'unsent':
    case 'lost':
      return `the connection was lost: ${failure.message}`;
    case 'overflow':
      return failure.message;
    case 'goaway':
      return 'the endpoint is going away';
    case 'refused':
      return 'the endpoint refused the request';
    case 'reset':
      return `the endpoint reset the request: ${errorCodeName(failure.errorCode)}`;
    case 'protocol':
      return `the endpoint broke the HTTP/2 protocol: ${errorCodeName(failure.errorCode)}`;
    case 'stalled':
      return `the endpoint has taken next to nothing of the request for ${failure.timeoutMs} ms`;
    case 'headers-too-large':
      return `the endpoint's metadata is larger than ${failure.limitBytes} bytes`;
  }
}

/** The gRPC status that tells the caller what sort of failure it was. */
export function statusOf({ kind }: AttemptFailure): number {
  switch (kind) {
    case 'protocol':
      return INTERNAL;
    case 'headers-too-large':
      return RESOURCE_EXHAUSTED;
    default:
      return UNAVAILABLE;
  }
}
