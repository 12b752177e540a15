import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  ACK,
  DATA,
  END_STREAM,
  type Frame,
  FrameReader,
  frame as frameBytes,
  GOAWAY,
  HEADERS,
  MAGIC,
  PING,
  RST_STREAM,
  SETTINGS,
  settings,
  settingsAck,
} from './raw-frames/frame.js';
import { until } from './until.js';

export interface VolumePeerOptions {
  /** Answer SETTINGS and PING as a good peer does. Default true. */
  readonly polite?: boolean;
  /** Called with every frame; DATA payloads are not kept otherwise. */
  readonly onFrame?: (frame: Frame, peer: VolumePeer) => void;
}

type Settings = readonly (readonly [id: number, value: number])[];

/**
 * One end of a connection for frames by the hundred thousand: sends what it is told, and counts what comes
 * instead of keeping or decoding it.
 */
export class VolumePeer {
  readonly socket: Socket;
  /** Bytes of DATA payload that came. */
  dataBytes = 0;
  closed = false;
  goawayCode: number | undefined;
  goawayReason = '';
  readonly #counts = new Map<number, number>();
  readonly #resetCodes = new Map<number, number>();
  readonly #ended = new Set<number>();
  readonly #polite: boolean;
  readonly #onFrame: ((frame: Frame, peer: VolumePeer) => void) | undefined;
  readonly #reader = new FrameReader();
  #prefaceLeft: number;

  constructor(socket: Socket, prefaceBytes: number, options: VolumePeerOptions) {
    this.socket = socket;
    this.#prefaceLeft = prefaceBytes;
    this.#polite = options.polite ?? true;
    this.#onFrame = options.onFrame;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => {
      // A reset is one of the answers that tests look for: `closed` says it.
    });
    socket.once('close', () => (this.closed = true));
  }

  /** Writes all parts at once; what does not fit into the socket's buffers waits in memory. */
  send(...parts: readonly Uint8Array[]): void {
    if (this.socket.writable) this.socket.write(Buffer.concat(parts));
  }

  /** Writes and waits until the kernel has taken it, or the connection is gone; at least a turn of the event loop. */
  async sent(...parts: readonly Uint8Array[]): Promise<void> {
    this.send(...parts);
    await nextTurn();
    if (!this.socket.writableNeedDrain || this.socket.destroyed) return;
    await new Promise<void>((resolve) => {
      this.socket.once('drain', resolve).once('close', resolve);
    });
  }

  /** How many frames of the type came. */
  count(type: number): number {
    return this.#counts.get(type) ?? 0;
  }

  /** The code of the RST_STREAM that came first for the stream, if one came. */
  resetCode(streamId: number): number | undefined {
    return this.#resetCodes.get(streamId);
  }

  /** Streams that the other side ended, in good order or by reset. */
  get ended(): ReadonlySet<number> {
    return this.#ended;
  }

  async untilEnded(streamId: number, timeoutMs?: number): Promise<void> {
    await until(`stream ${streamId} is over`, () => this.#ended.has(streamId), timeoutMs);
  }

  async untilCount(type: number, count: number, timeoutMs?: number): Promise<void> {
    await until(`${count} frames of type ${type}`, () => this.count(type) >= count, timeoutMs);
  }

  async untilClosed(timeoutMs?: number): Promise<void> {
    await until('the connection is closed', () => this.closed, timeoutMs);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const skipped = Math.min(this.#prefaceLeft, chunk.length);
    this.#prefaceLeft -= skipped;
    for (const frame of this.#reader.push(chunk.subarray(skipped))) this.#take(frame);
  }

  #take(frame: Frame): void {
    const { type, flags, streamId, payload } = frame;
    this.#counts.set(type, this.count(type) + 1);
    if (type === DATA) this.dataBytes += payload.length;
    if ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0) this.#ended.add(streamId);
    if (type === RST_STREAM) {
      this.#ended.add(streamId);
      if (!this.#resetCodes.has(streamId)) this.#resetCodes.set(streamId, payload.readUInt32BE(0));
    }
    if (type === GOAWAY) {
      this.goawayCode = payload.readUInt32BE(4);
      this.goawayReason = payload.toString('latin1', 8);
    }
    if (this.#polite && (flags & ACK) === 0) {
      if (type === SETTINGS) this.send(settingsAck());
      if (type === PING) this.send(frameBytes(PING, ACK, 0, payload));
    }
    this.#onFrame?.(frame, this);
  }
}

/** Connects and says nothing, not even the preface. The caller destroys it. */
export async function connectSilently(address: string, options: VolumePeerOptions = {}): Promise<VolumePeer> {
  const colon = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
  await once(socket, 'connect');
  return new VolumePeer(socket, 0, options);
}

/** Connects as a client whose preface is in order. The caller destroys it. */
export async function connectVolume(
  address: string,
  options: VolumePeerOptions & { readonly settings?: Settings } = {},
): Promise<VolumePeer> {
  const peer = await connectSilently(address, options);
  peer.send(MAGIC, settings(...(options.settings ?? [])));
  // Once the server's SETTINGS are acknowledged nothing is sent but what the test says.
  if (options.polite ?? true) await peer.untilCount(SETTINGS, 1);
  return peer;
}

/** A server whose connections are volume peers. */
export class VolumeServer {
  readonly address: string;
  /** Every connection that came, closed ones too. */
  readonly peers: VolumePeer[] = [];
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** How many frames of that type came, on all connections. */
  count(type: number): number {
    return this.peers.reduce((sum, peer) => sum + peer.count(type), 0);
  }

  get openConnections(): number {
    return this.peers.filter(({ closed }) => !closed).length;
  }

  destroy(): void {
    this.#server.close();
    for (const peer of this.peers) peer.destroy();
  }
}

export interface VolumeServerOptions extends VolumePeerOptions {
  readonly settings?: Settings;
  /** Called for each new connection after its SETTINGS were sent. */
  readonly onConnection?: (peer: VolumePeer) => void;
}

/** Listens on a free port of 127.0.0.1 and greets every connection with SETTINGS. The caller destroys it. */
export async function startVolumeServer(options: VolumeServerOptions = {}): Promise<VolumeServer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const volume = new VolumeServer(server);
  server.on('connection', (socket) => {
    const peer = new VolumePeer(socket, MAGIC.length, options);
    volume.peers.push(peer);
    peer.send(settings(...(options.settings ?? [])));
    options.onConnection?.(peer);
  });
  return volume;
}
