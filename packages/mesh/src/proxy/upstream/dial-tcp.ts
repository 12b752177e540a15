import { connect } from 'node:net';
import type { Clock } from '@weir/core';
import type { FlushQueue } from '../../transport/flush-queue.js';
import { Http2Socket } from '../../transport/http2-socket.js';
import type { Dial } from '../relay/wire.js';

/** Opens wires to endpoints over TCP. */
export function dialTcp(flushQueue: FlushQueue, clock: Clock): Dial {
  return ({ host, port }, connection, events) => {
    const socket = connect({ host, port });
    socket.once('connect', () => events.onOpen());
    // Before `Http2Socket` listens for it and closes: by then nothing new must be on the way.
    socket.once('end', () => events.onEnd());
    return new Http2Socket(socket, connection, flushQueue, clock, (error) => events.onGone(error));
  };
}
