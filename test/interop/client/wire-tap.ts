import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const FRAME_HEADER_BYTES = 9;
const DATA = 0;
const PADDED = 0x8;
const MESSAGE_PREFIX_BYTES = 5;

/**
 * A TCP port in front of a server that passes every byte on, and notes which of the server's messages have the
 * compressed flag: grpc-js keeps it from its callers.
 */
export class WireTap {
  /** For each message that a server began, in order, whether it is compressed. */
  readonly compressed: boolean[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async open(target: string): Promise<WireTap> {
    const tap = new WireTap(target);
    tap.#server.listen(0, '127.0.0.1');
    await once(tap.#server, 'listening');
    return tap;
  }

  private constructor(target: string) {
    const { hostname: host, port } = new URL(`tcp://${target}`);
    this.#server = createServer((downstream) => {
      const upstream = createConnection({ host, port: Number(port) });
      const frames = new DataFrames(this.compressed);
      upstream.on('data', (chunk: Buffer) => frames.read(chunk));
      downstream.pipe(upstream);
      upstream.pipe(downstream);
      for (const [socket, other] of [
        [downstream, upstream],
        [upstream, downstream],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => this.#sockets.delete(socket));
      }
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Finds the gRPC messages in what a server sends over one HTTP/2 connection. */
class DataFrames {
  readonly #compressed: boolean[];
  readonly #streams = new Map<number, Messages>();
  #pending: Buffer = Buffer.alloc(0);

  constructor(compressed: boolean[]) {
    this.#compressed = compressed;
  }

  read(chunk: Buffer): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (bytes.length >= FRAME_HEADER_BYTES) {
      const end = FRAME_HEADER_BYTES + bytes.readUIntBE(0, 3);
      if (bytes.length < end) break;
      const flags = bytes.readUInt8(4);
      if (bytes.readUInt8(3) === DATA) {
        const payload = bytes.subarray(FRAME_HEADER_BYTES, end);
        const padding = (flags & PADDED) === 0 ? 0 : 1 + payload.readUInt8(0);
        this.#stream(bytes.readUInt32BE(5)).read(
          padding === 0 ? payload : payload.subarray(1, payload.length - padding + 1),
        );
      }
      bytes = bytes.subarray(end);
    }
    this.#pending = bytes;
  }

  #stream(id: number): Messages {
    const known = this.#streams.get(id) ?? new Messages(this.#compressed);
    this.#streams.set(id, known);
    return known;
  }
}

/** Finds the messages in what one stream carries: one byte of flags, four of length, the message. */
class Messages {
  readonly #compressed: boolean[];
  readonly #prefix: number[] = [];
  #left = 0;

  constructor(compressed: boolean[]) {
    this.#compressed = compressed;
  }

  read(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, bytes.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      this.#prefix.push(bytes.readUInt8(at++));
      if (this.#prefix.length < MESSAGE_PREFIX_BYTES) continue;
      const prefix = Buffer.from(this.#prefix.splice(0));
      this.#compressed.push((prefix.readUInt8(0) & 1) === 1);
      this.#left = prefix.readUInt32BE(1);
    }
  }
}
