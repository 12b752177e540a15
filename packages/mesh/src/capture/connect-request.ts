import type { Socket } from 'node:net';

/** A request for a tunnel that could be read. */
export interface ConnectRequest {
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  /** What the caller sent behind the request without waiting for the answer. */
  readonly early: Buffer;
}

/** Longest request head in bytes; real ones have some 200. */
const MAX_HEAD_BYTES = 8192;

const HEAD_END = Buffer.from('\r\n\r\n');

const EXPLANATION =
  'This port takes HTTP CONNECT only. gRPC clients use it with grpc_proxy=http://HOST:PORT in their environment.\n';

/**
 * Reads `CONNECT host:port` (RFC 9110 9.3.6, as HTTP/1.1) from a new connection. `found` is called once with
 * the socket paused; anything else is answered with an error and closed.
 */
export function readConnectRequest(socket: Socket, found: (request: ConnectRequest) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf(HEAD_END);
    if (end === -1 && bytes.length <= MAX_HEAD_BYTES) return;
    socket.off('data', onData);
    if (end === -1)
      return refuse(socket, '431 Request Header Fields Too Large', 'The request head is too long.\n');
    const line = bytes.toString('latin1', 0, bytes.indexOf('\r\n'));
    const [method, target, version] = line.split(' ');
    if (method !== 'CONNECT' || version === undefined || !version.startsWith('HTTP/1.'))
      return refuse(socket, '405 Method Not Allowed', EXPLANATION);
    const authority = parseAuthority(target ?? '');
    if (authority === undefined)
      return refuse(socket, '400 Bad Request', `CONNECT needs host:port, not "${target}".\n`);
    socket.pause();
    found({ ...authority, early: bytes.subarray(end + HEAD_END.length) });
  };
  socket.on('data', onData);
  socket.resume();
}

/** Tells the caller that its tunnel is open. */
export function acceptConnect(socket: Socket): void {
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
}

/** Answers with an error, in words, and closes. */
export function refuse(socket: Socket, status: string, text: string): void {
  const length = Buffer.byteLength(text);
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${text}`,
  );
}

function parseAuthority(text: string): { readonly host: string; readonly port: number } | undefined {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const host = text.slice(0, colon);
  return { host: host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host, port };
}
