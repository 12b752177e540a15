import { connect, type Socket } from 'node:net';
import type { Clock } from '@weir/core';
import { socketErrorText } from '../transport/socket-error.js';

/** How long to wait for the place to answer. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface SpliceTarget {
  readonly host: string;
  readonly port: number;
}

/** Begins a connection that can be spliced. */
export function dialPlain({ host, port }: SpliceTarget): Socket {
  return connect({ host, port, allowHalfOpen: true });
}

/**
 * Joins a connection to the place it was meant for, byte for byte, each direction closing on its own.
 *
 * @param early - bytes read from the caller already
 * @param target - made by `dialPlain`, connected already or not yet
 * @param onOpen - called when the other side is connected
 * @param onRefused - called instead when it cannot be, with the reason; the caller's socket is then still open
 */
export function splice(
  caller: Socket,
  early: Buffer,
  target: Socket,
  clock: Clock,
  onOpen: () => void,
  onRefused: (reason: string) => void,
): void {
  let open = false;
  const refuse = (reason: string): void => {
    timer.cancel();
    caller.off('error', reset);
    caller.off('close', onCallerClose);
    target.destroy();
    onRefused(reason);
  };
  const reset = (): void => void target.resetAndDestroy();
  const onCallerClose = (): void => {
    // Having sent everything it may be gone before the target has read it all; else it was cut off.
    if (!open || !caller.readableEnded) target.destroy();
  };
  const timer = clock.setTimer(CONNECT_TIMEOUT_MS, () =>
    refuse(`no connection within ${CONNECT_TIMEOUT_MS / 1000} seconds`),
  );
  target.setNoDelay(true);
  caller.setNoDelay(true);
  const join = (): void => {
    open = true;
    timer.cancel();
    onOpen();
    if (early.length > 0) target.write(early);
    caller.pipe(target);
    target.pipe(caller);
  };
  target.on('error', (error) => {
    // A reset must not turn into an orderly end.
    if (open) caller.resetAndDestroy();
    else refuse(socketErrorText(error));
  });
  target.on('close', () => {
    timer.cancel();
    if (open && !target.readableEnded) caller.destroy();
  });
  caller.on('error', reset);
  caller.on('close', onCallerClose);
  if (target.connecting) target.once('connect', join);
  else join();
}
