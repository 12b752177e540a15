import type { Duplex } from 'node:stream';
import type { Clock } from '@weir/core';

const MAX_HEAD_BYTES = 64 * 1024;
const HEAD_TIMEOUT_MS = 10_000;
const HEAD_END = '\r\n\r\n';

/**
 * Reads on from a paused connection that has begun a request of HTTP/1, as far as its `Host` is known. `found` is
 * called once, with every byte read and the connection paused. It is not called when the connection closes before.
 *
 * @param found - `host` is `undefined` where there is none, or the head has no end within 64 KiB or ten seconds
 */
export function readHead(
  socket: Duplex,
  early: Buffer,
  clock: Clock,
  found: (bytes: Buffer, host: string | undefined) => void,
): void {
  let bytes = early;
  const decide = (host: string | undefined): void => {
    release();
    socket.pause();
    found(bytes, host);
  };
  const look = (): boolean => {
    const end = bytes.indexOf(HEAD_END);
    if (end === -1 && bytes.length < MAX_HEAD_BYTES) return false;
    decide(end === -1 ? undefined : hostIn(bytes.toString('latin1', 0, end + 2)));
    return true;
  };
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    look();
  };
  const giveUp = (): void => decide(undefined);
  const release = (): void => {
    timer.cancel();
    socket.off('data', onData);
    socket.off('end', giveUp);
    socket.off('close', release);
  };
  const timer = clock.setTimer(HEAD_TIMEOUT_MS, giveUp);
  if (look()) return;
  socket.on('data', onData);
  socket.on('end', giveUp);
  socket.on('close', release);
  socket.resume();
}

function hostIn(head: string): string | undefined {
  return /\r\nhost:[ \t]*([^\r\n]*?)[ \t]*\r\n/i.exec(head)?.[1];
}
