import { connect, type Socket } from 'node:net';

/**
 * Joins a connection to the place it was meant for, byte for byte, each direction closing on its own.
 *
 * @param early - bytes read from the caller already
 * @param onOpen - called when the other side is connected
 * @param onRefused - called instead when it cannot be; the caller's socket is then still open
 */
export function splice(
  caller: Socket,
  early: Buffer,
  host: string,
  port: number,
  onOpen: () => void,
  onRefused: (error: Error) => void,
): void {
  const target = connect({ host, port, allowHalfOpen: true });
  let open = false;
  target.setNoDelay(true);
  caller.setNoDelay(true);
  target.once('connect', () => {
    open = true;
    onOpen();
    if (early.length > 0) target.write(early);
    caller.pipe(target);
    target.pipe(caller);
  });
  target.on('error', (error) => {
    if (open) caller.destroy();
    else onRefused(error);
  });
  caller.on('error', () => target.destroy());
  caller.on('close', () => target.destroy());
  // A reset must not turn into a graceful end: `pipe` ends the caller when the target ended in peace only.
  target.on('close', (hadError) => {
    if (hadError) caller.destroy();
  });
}
