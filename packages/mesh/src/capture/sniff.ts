import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '@weir/core';
import { CLIENT_PREFACE } from '../http2/frame.js';
import { beginsHttp1 } from './http1-line.js';

export type Sniffed =
  /** The HTTP/2 preface has begun. */
  | 'http2'
  /** The request line of HTTP/1.0 or 1.1. */
  | 'http1'
  /** The first bytes are something else: TLS, any protocol. */
  | 'other'
  /** Nothing came: a protocol in which the server speaks first. */
  | 'silent';

/**
 * `PRI `, the part of the preface that is enough: RFC 9113 11.6 reserves that method, "never used by an actual
 * client" of HTTP/1.1. Whether the rest comes, and in time, is the HTTP/2 connection's business.
 */
const PREFACE = Buffer.from(CLIENT_PREFACE.slice(0, 4), 'latin1');

/** A line that has begun ends within the same packet, or else is not waited for much longer. */
const LINE_TIMEOUT_MS = 1000;

/**
 * Looks at the first bytes of a connection, starting with `early`, until it is clear whether they are the
 * HTTP/2 preface or a request line of HTTP/1. `found` is called once, with every byte read; from then on the socket
 * is paused and the caller's. It is not called when the socket closes before.
 *
 * @param silenceMs - how long to wait for the first byte before calling it `silent`; `undefined`: for as long as it
 *   takes. What has begun and does not go on is `other` after a second.
 * @returns stops looking, and pauses the socket; not to be called any more once something was found
 */
export function sniff(
  socket: Duplex,
  early: Buffer,
  clock: Clock,
  silenceMs: number | undefined,
  found: (what: Sniffed, bytes: Buffer) => void,
): () => void {
  let bytes: Buffer = Buffer.alloc(0);
  let decided = false;
  let timer: Timer | undefined = undefined;
  let begun = false;
  const decide = (what: Sniffed): void => {
    release();
    decided = true;
    socket.pause();
    found(what, bytes);
  };
  const giveUp = (): void => decide(bytes.length === 0 ? 'silent' : 'other');
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const length = Math.min(bytes.length, PREFACE.length);
    const isPreface = bytes.compare(PREFACE, 0, length, 0, length) === 0;
    if (isPreface && length === PREFACE.length) return decide('http2');
    const isHttp1 = beginsHttp1(bytes);
    if (isHttp1 === true) decide('http1');
    else if (isHttp1 === false && !isPreface) decide('other');
    else if (!begun) {
      begun = true;
      // Not silent any more: what has begun has its own time to go on.
      timer?.cancel();
      timer = clock.setTimer(LINE_TIMEOUT_MS, giveUp);
    }
  };
  const release = (): void => {
    timer?.cancel();
    socket.off('data', onData);
    socket.off('end', giveUp);
    socket.off('close', release);
  };
  timer = silenceMs === undefined ? undefined : clock.setTimer(silenceMs, giveUp);
  socket.on('data', onData);
  // It may still want to listen: its half of the connection is passed on as it is.
  socket.on('end', giveUp);
  socket.on('close', release);
  if (early.length > 0) onData(early);
  if (!decided) socket.resume();
  return () => {
    release();
    socket.pause();
  };
}
