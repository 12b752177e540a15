import { once } from 'node:events';
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/**
 * HTTP/2 without a gRPC library on top, for what such a library hides: which frame carried the status, the bytes of
 * a message, reset codes.
 */

export type Headers = IncomingHttpHeaders & IncomingHttpStatusHeader;

export interface RawResponse {
  readonly headers: Headers;
  /** The response HEADERS frame ended the stream: gRPC calls that Trailers-Only. */
  readonly trailersOnly: boolean;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
  /** 0 is NO_ERROR. */
  readonly resetCode: number;
}

export function grpcHeaders(path: string, more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  return {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  };
}

/** Prefixes a message with gRPC's five bytes: compressed or not, and its length. */
export function grpcMessage(message: Uint8Array, compressed = false): Buffer {
  const framed = Buffer.alloc(5 + message.length);
  framed[0] = compressed ? 1 : 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

/** Waits for the whole answer; a reset is an answer too. */
export async function readResponse(stream: ClientHttp2Stream): Promise<RawResponse> {
  let headers: Headers = {};
  let trailers: IncomingHttpHeaders = {};
  let trailersOnly = false;
  const chunks: Buffer[] = [];
  stream.on('response', (received, flags) => {
    headers = received;
    trailersOnly = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  });
  stream.on('trailers', (received) => (trailers = received));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => {
    // The reset code below says it.
  });
  await new Promise((resolve) => stream.once('close', resolve));
  return { headers, trailersOnly, body: Buffer.concat(chunks), trailers, resetCode: stream.rstCode ?? 0 };
}

/** One connection. The caller destroys it. */
export async function openSession(address: string): Promise<ClientHttp2Session> {
  const session = connect(`http://${address}`);
  await once(session, 'connect');
  return session;
}

export interface RawServer {
  readonly address: string;
  /** Connections open now. */
  sessions(): number;
  close(): void;
}

/** A server whose every stream is handled by `answer`. The caller closes it. */
export async function startRawServer(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<RawServer> {
  const server: Http2Server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {
      // Tests look at reset codes.
    });
    answer(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    sessions: () => sessions.size,
    close: () => {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}
