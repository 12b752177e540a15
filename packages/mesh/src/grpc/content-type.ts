import type { HeaderBlock } from '../http2/header-block.js';

/**
 * Whether a request speaks gRPC: content-type `application/grpc`, alone or with `+proto` and the like or
 * parameters. gRPC-Web is another protocol.
 */
export function isGrpc(request: HeaderBlock): boolean {
  const value = request.get('content-type');
  if (value === undefined || !value.startsWith('application/grpc')) return false;
  if (value.length === 16) return true;
  const next = value.charCodeAt(16);
  return next === 0x2b || next === 0x3b;
}
