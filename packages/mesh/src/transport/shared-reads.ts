import type { OnReadOpts, Socket as NodeSocket } from 'node:net';
import { Socket } from 'node:net';

/** What Node itself asks the kernel for at a time. */
const READ_BUFFER_BYTES = 64 * 1024;

/**
 * What every socket of the process reads into. Without it Node allocates 64 KiB for each read, and the
 * collector has to give them back: two thirds of the cost of relaying a large message.
 */
let readBuffer: Buffer | undefined;

/**
 * For the option `onread` of a socket: the bytes are in `buffer[0, bytes)`, and only until `read` returns,
 * because the next socket's come to the same place.
 */
export function sharedReads(read: (buffer: Buffer, bytes: number) => void): OnReadOpts {
  readBuffer ??= Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const buffer = readBuffer;
  return {
    buffer,
    callback: (bytes) => {
      read(buffer, bytes);
      return true;
    },
  };
}

/** A socket as Node makes it: what carries the bytes below it has no public name. */
interface HandleOwner {
  _handle: { reading?: boolean; readStop?(): number; useUserBuffer?: unknown } | null;
}

/**
 * Makes a paused, accepted socket read by `onread`, which Node offers for outgoing connections only: moves
 * what is below it to a new socket, which is returned, paused. The old one lives and dies with the new one,
 * so that whoever waits for its 'close', or destroys it, gets what they expect.
 *
 * A socket that this can't be done with (TLS, output under way) is returned as it is.
 */
export function takeOver(accepted: NodeSocket, onread: OnReadOpts): NodeSocket {
  const owner = accepted as unknown as HandleOwner;
  const handle = owner['_handle'];
  if (handle === null || handle.useUserBuffer === undefined || handle.readStop === undefined) return accepted;
  if (accepted.writableLength > 0 || 'encrypted' in accepted) return accepted;
  handle.reading = false;
  handle.readStop();
  owner['_handle'] = null;
  const options = { handle, onread, allowHalfOpen: accepted.allowHalfOpen, pauseOnCreate: true };
  const socket = new Socket(options);
  for (
    let chunk = accepted.read() as Buffer | null;
    chunk !== null;
    chunk = accepted.read() as Buffer | null
  ) {
    socket.push(chunk);
  }
  socket.once('close', () => accepted.destroy());
  accepted.once('close', () => socket.destroy());
  return socket;
}
