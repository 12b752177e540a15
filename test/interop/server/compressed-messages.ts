import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { Readable } from 'node:stream';

const PREFIX_BYTES = 5;
const compressed = new WeakSet<object>();

/** Whether a request message came compressed. The server must have the interceptor `noteCompression`. */
export function cameCompressed(message: object): boolean {
  return compressed.has(message);
}

/**
 * grpc-js tells a handler nothing about a message's flags. So this reads along on the HTTP/2 stream, which its calls
 * keep to themselves, and notes each message that had the compressed flag.
 */
export const noteCompression: ServerInterceptor = (_method, call) => {
  const stream = Reflect.get(call, 'stream') as Readable | undefined;
  if (stream === undefined) throw new Error('this grpc-js has its HTTP/2 stream elsewhere');
  const flags: boolean[] = [];
  // grpc-js listens already, so this neither starts nor speeds up the stream.
  stream.on('data', readFlags(flags));
  return new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMessage: (message: object, pass) => {
          if (flags.shift() === true) compressed.add(message);
          pass(message);
        },
      }),
  });
};

/** Takes a stream's bytes and appends one flag for each message that begins in them. */
function readFlags(flags: boolean[]): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  let left = 0;
  return (chunk) => {
    let bytes = chunk;
    for (;;) {
      const skipped = Math.min(left, bytes.length);
      left -= skipped;
      bytes = bytes.subarray(skipped);
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
      if (pending.length < PREFIX_BYTES) return;
      flags.push((pending.readUInt8(0) & 1) === 1);
      left = pending.readUInt32BE(1);
      bytes = pending.subarray(PREFIX_BYTES);
      pending = Buffer.alloc(0);
    }
  };
}
