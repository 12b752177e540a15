import type { Socket } from 'node:net';
import type { Direction } from '../admin/direction.js';
import type { ReadOriginalDestination } from '../capture/original-destination.js';
import type { Door, ListenAddress } from './door.js';

/** Where the kernel redirects the pod's connections to (`weir capture-init`). */
export interface CaptureOptions {
  readonly outboundPort: number;
  readonly inboundPort: number;
  readonly readOriginalDestination: ReadOriginalDestination;
}

/** A port that redirected connections come in at. */
export interface CaptureDoor {
  readonly address: ListenAddress;
  readonly direction: Direction;
  /** Whether the proxy can do without it: not every machine has IPv6. */
  readonly optional: boolean;
  readonly doorOf: (socket: Socket) => Door | undefined;
}

/**
 * The ports of capture, one per family, as the kernel tells the two kinds of destination apart. On the way out a
 * connection ends on loopback; on the way in at the pod's address.
 */
export function captureDoors({
  outboundPort,
  inboundPort,
  readOriginalDestination: read,
}: CaptureOptions): readonly CaptureDoor[] {
  const outbound = (socket: Socket): Door => {
    const destination = read(socket);
    // Who has dialled the port itself wants HTTP CONNECT.
    return destination === undefined ? { kind: 'connect' } : { kind: 'captured', destination };
  };
  const inbound = (socket: Socket): Door | undefined => {
    const application = read(socket);
    return application === undefined ? undefined : { kind: 'inbound', application };
  };
  return [
    {
      address: { host: '127.0.0.1', port: outboundPort },
      optional: false,
      direction: 'outbound',
      doorOf: outbound,
    },
    { address: { host: '::1', port: outboundPort }, optional: true, direction: 'outbound', doorOf: outbound },
    {
      address: { host: '0.0.0.0', port: inboundPort },
      optional: false,
      direction: 'inbound',
      doorOf: inbound,
    },
    {
      address: { host: '::', port: inboundPort, ipv6Only: true },
      optional: true,
      direction: 'inbound',
      doorOf: inbound,
    },
  ];
}

/** Whether a port could not be bound because this machine has no such family. */
export function isFamilyAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}
