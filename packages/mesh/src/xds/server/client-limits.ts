import type { Node } from '../generated/envoy.config.core.v3.js';

/**
 * gRPC libraries refuse messages above 4 MiB and break the stream, again and again; what is left is for headers and for
 * names. Other clients set their own limits, far above what is ever sent.
 */
const GRPC_MAX_RESPONSE_BYTES = 3 * 1024 * 1024;

/** The largest response that may be sent to a client. */
export function maxResponseBytes({ userAgentName = '' }: Node): number {
  return userAgentName.startsWith('gRPC') ? GRPC_MAX_RESPONSE_BYTES : Number.POSITIVE_INFINITY;
}
