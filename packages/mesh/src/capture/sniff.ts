import type { Socket } from 'node:net';
import type { Clock } from '@weir/core';
import { CLIENT_PREFACE } from '../http2/frame.js';

export type Sniffed =
  /** The HTTP/2 preface is there. */
  | 'http2'
  /** The first bytes are something else: HTTP/1.1, TLS, any protocol. */
  | 'other'
  /** Nothing came: a protocol in which the server speaks first. */
  | 'silent';

const PREFACE = Buffer.from(CLIENT_PREFACE, 'latin1');

/**
 * Looks at the first bytes of a connection, starting with `early`, until it is clear whether they are the
 * HTTP/2 preface. `found` is called once, with every byte read; from then on the socket is paused and the
 * caller's. It is not called when the socket closes before.
 *
 * @param silenceMs - how long to wait for the first byte before calling it `silent`
 */
export function sniff(
  socket: Socket,
  early: Buffer,
  clock: Clock,
  silenceMs: number,
  found: (what: Sniffed, bytes: Buffer) => void,
): void {
  let bytes = early;
  let decided = false;
  const decide = (what: Sniffed): void => {
    decided = true;
    timer.cancel();
    socket.off('data', onData);
    socket.off('close', onClose);
    socket.pause();
    found(what, bytes);
  };
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const length = Math.min(bytes.length, PREFACE.length);
    if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) decide('other');
    else if (length === PREFACE.length) decide('http2');
  };
  const onClose = (): void => timer.cancel();
  const timer = clock.setTimer(silenceMs, () => decide(bytes.length === 0 ? 'silent' : 'other'));
  socket.on('data', onData);
  socket.on('close', onClose);
  if (early.length > 0) {
    bytes = Buffer.alloc(0);
    onData(early);
  }
  if (!decided) socket.resume();
}
