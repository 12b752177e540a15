import type { Duplex } from 'node:stream';
import type { Clock } from '@weir/core';
import { HTTP_1_1_REQUIRED } from '../http2/error-code.js';
import {
  CLIENT_PREFACE,
  FRAME_HEADER_BYTES,
  GOAWAY,
  SETTINGS,
  writeFrameHeader,
  writeUint32,
} from '../http2/frame.js';

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
/** How long a caller may take for its request. */
const HEAD_TIMEOUT_MS = 10_000;
/** How long a refused caller may take to close. */
const LINGER_MS = 1000;

const METHOD = 'CONNECT ';
const HEAD_END = Buffer.from('\r\n\r\n');

const EXPLANATION =
  'weir: this port takes HTTP CONNECT only. gRPC clients use it with grpc_proxy=http://HOST:PORT in their\n' +
  'environment, curl with --proxytunnel --proxy HOST:PORT.\n';

/**
 * Reads `CONNECT host:port` (RFC 9110 9.3.6, as HTTP/1.1) from a new connection. `found` is called once with
 * the connection paused; anything else is answered with an error and closed.
 */
export function readConnectRequest(
  socket: Duplex,
  clock: Clock,
  found: (request: ConnectRequest) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const begin = bytes.toString('latin1', 0, Math.min(bytes.length, METHOD.length));
    if (CLIENT_PREFACE.startsWith(begin) && begin.length === METHOD.length) {
      release();
      return close(socket, clock, goaway(EXPLANATION));
    }
    if (!METHOD.startsWith(begin) && !CLIENT_PREFACE.startsWith(begin))
      return give('405 Method Not Allowed', EXPLANATION);
    const end = bytes.indexOf(HEAD_END);
    if (end > MAX_HEAD_BYTES || (end === -1 && bytes.length > MAX_HEAD_BYTES))
      return give('431 Request Header Fields Too Large', 'weir: the request head is too long.\n');
    if (end === -1) return;
    const line = bytes.toString('latin1', 0, bytes.indexOf('\r\n'));
    const authority = parseTarget(line);
    if (authority === undefined)
      return give('400 Bad Request', `weir: not "CONNECT host:port HTTP/1.1" but "${line}".\n`);
    release();
    socket.pause();
    found({ ...authority, early: bytes.subarray(end + HEAD_END.length) });
  };
  const onEnd = (): void => {
    if (bytes.length > 0) return give('400 Bad Request', 'weir: the request ended before its head did.\n');
    release();
    socket.destroy();
  };
  const release = (): void => {
    timer.cancel();
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.off('close', release);
  };
  const give = (status: string, text: string): void => {
    release();
    refuse(socket, clock, status, text);
  };
  const timer = clock.setTimer(HEAD_TIMEOUT_MS, () =>
    give('408 Request Timeout', `weir: no request within ${HEAD_TIMEOUT_MS / 1000} seconds.\n`),
  );
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('close', release);
  socket.resume();
}

/** Tells the caller that its tunnel is open. */
export function acceptConnect(socket: Duplex): void {
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
}

/** Answers with an error, in words, and closes. */
export function refuse(socket: Duplex, clock: Clock, status: string, text: string): void {
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  close(socket, clock, `${head.join('\r\n')}\r\n\r\n${text}`);
}

function close(socket: Duplex, clock: Clock, lastWords: string | Buffer): void {
  socket.end(lastWords);
  // Its end is only seen by reading on, and bytes left unread would turn the close into a reset.
  socket.resume();
  const timer = clock.setTimer(LINGER_MS, () => socket.destroy());
  socket.once('close', () => timer.cancel());
}

/** What a caller that begins with HTTP/2 can understand; gRPC libraries show the text of a GOAWAY. */
function goaway(text: string): Buffer {
  const payloadBytes = 8 + Buffer.byteLength(text);
  const frames = Buffer.alloc(2 * FRAME_HEADER_BYTES + payloadBytes);
  let at = writeFrameHeader(frames, 0, 0, SETTINGS, 0, 0);
  at = writeFrameHeader(frames, at, payloadBytes, GOAWAY, 0, 0);
  at = writeUint32(frames, at, 0);
  at = writeUint32(frames, at, HTTP_1_1_REQUIRED);
  frames.write(text, at);
  return frames;
}

function parseTarget(line: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^CONNECT (?:\[([^\][\s]+)\]|([^:[\]\s]+)):(\d{1,5}) HTTP\/1\.\d$/.exec(line);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}
