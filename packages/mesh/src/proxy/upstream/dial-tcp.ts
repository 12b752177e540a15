import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { Clock } from '@weir/core';
import type { FlushQueue } from '../../transport/flush-queue.js';
import { Http2Socket } from '../../transport/http2-socket.js';
import type { Dial } from '../relay/wire.js';

/** Opens wires to endpoints over TCP. */
export function dialTcp(flushQueue: FlushQueue, clock: Clock): Dial {
  return ({ host, port }, connection, { tcpKeepaliveMs }, events) => {
    const open = (onread: OnReadOpts): Socket => {
      const socket = connect({ host, port, onread });
      socket.once('connect', () => events.onOpen());
      // Before `Http2Socket` listens for it and closes: by then nothing new must be on the way.
      socket.once('end', () => events.onEnd());
      return socket;
    };
    const wire = new Http2Socket(open, connection, flushQueue, clock, (error) => events.onGone(error));
    if (tcpKeepaliveMs > 0) wire.socket.setKeepAlive(true, tcpKeepaliveMs);
    return wire;
  };
}
