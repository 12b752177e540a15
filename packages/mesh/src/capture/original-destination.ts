import type { Socket } from 'node:net';

/** Where a redirected connection was going before it was redirected. */
export interface OriginalDestination {
  /** IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `undefined` for a connection that was not redirected: its maker has dialled this port. */
export type ReadOriginalDestination = (socket: Socket) => OriginalDestination | undefined;

/** linux/in.h, linux/in6.h, linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h */
const SOL_IP = 0;
const SOL_IPV6 = 41;
const SO_ORIGINAL_DST = 80;
const SIZE_OF_SOCKADDR_IN6 = 28;

/**
 * Gets at `getsockopt` of the C library, which Node has no words for.
 *
 * @throws {Error} where that is not possible, as anywhere but on Linux
 */
export async function loadOriginalDestination(): Promise<ReadOriginalDestination> {
  if (process.platform !== 'linux') {
    throw new Error(
      `connections can be captured on Linux only, not on ${process.platform}; use --listen or HTTP CONNECT`,
    );
  }
  const { default: koffi } = await import('koffi');
  const getsockopt = koffi
    .load(null)
    .func('int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)') as (
    fd: number,
    level: number,
    name: number,
    value: Buffer,
    length: [number],
  ) => number;
  return (socket) => {
    const fd = fileDescriptor(socket);
    if (fd === undefined) return undefined;
    const value = Buffer.alloc(SIZE_OF_SOCKADDR_IN6);
    const level = socket.localFamily === 'IPv6' ? SOL_IPV6 : SOL_IP;
    if (getsockopt(fd, level, SO_ORIGINAL_DST, value, [value.length]) !== 0) return undefined;
    const destination = level === SOL_IPV6 ? parseSockaddrIn6(value) : parseSockaddrIn(value);
    const { localAddress, localPort } = socket;
    return destination.host === localAddress && destination.port === localPort ? undefined : destination;
  };
}

/** struct sockaddr_in: family, port and address in network order. */
export function parseSockaddrIn(bytes: Buffer): OriginalDestination {
  return { host: bytes.subarray(4, 8).join('.'), port: bytes.readUInt16BE(2) };
}

/** struct sockaddr_in6: family, port, flow label, address. */
export function parseSockaddrIn6(bytes: Buffer): OriginalDestination {
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(8 + 2 * at).toString(16));
  // The URL parser knows RFC 5952: the one way to write an address that it is compared with everywhere.
  const host = new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
  return { host, port: bytes.readUInt16BE(2) };
}

/** Node keeps it from its users, yet hands it to `child_process`: the handle of a socket on Linux has it as `fd`. */
function fileDescriptor(socket: Socket): number | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } | null };
  const fd = handle?.fd;
  return fd === undefined || fd < 0 ? undefined : fd;
}
