import type { Socket } from 'node:net';
import type { RelayContext } from '../relay/relay-context.js';

/** Has the bytes of a connection counted for as long as it is open. */
export function meterSocket(
  { openConnections, counters }: RelayContext,
  socket: Socket,
  side: 'downstream' | 'upstream',
): void {
  let read = 0;
  let written = 0;
  const meter = {
    countBytes: (): void => {
      const { bytesRead, bytesWritten } = socket;
      counters[`${side}ReceivedBytes`] += bytesRead - read;
      counters[`${side}SentBytes`] += bytesWritten - written;
      read = bytesRead;
      written = bytesWritten;
    },
  };
  openConnections.add(meter);
  socket.once('close', () => {
    meter.countBytes();
    openConnections.delete(meter);
  });
}
