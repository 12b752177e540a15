import type { Random } from '@weir/core';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { goaway } from './raw-frames/frame.js';

/** What happens to a connection, each at a byte of its own choosing. */
export type Fault =
  | 'none'
  /** Every piece comes late. */
  | 'delay'
  /** The end, in good order, wherever it falls: mid-frame as often as not. */
  | 'cut'
  /** The end by RST. */
  | 'reset'
  /** Nothing more goes through, and nobody is told. */
  | 'half-open'
  /** One octet of what the server says is another one. */
  | 'garble'
  /** The server says GOAWAY, between two frames, with a last stream that may be anything. */
  | 'goaway';

const FAULTS: readonly Fault[] = ['none', 'delay', 'cut', 'reset', 'half-open', 'garble', 'goaway'];
const LONGEST_DELAY_MS = 30;
/** Faults come early on a connection or late. */
const FAULT_BYTES = [100, 2_000, 50_000, 500_000];

/** A TCP proxy whose connections each suffer a fault that the seed decides. */
export class ChaosProxy {
  readonly address: string;
  /** How often each fault was dealt. */
  readonly dealt = new Map<Fault, number>();
  /** Deals no more faults, to connections that are open neither. */
  calm = false;
  readonly #server: Server;
  readonly #target: () => string;
  readonly #random: Random;
  readonly #faults: readonly Fault[];
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, target: () => string, random: Random, faults: readonly Fault[]) {
    this.#server = server;
    this.#target = target;
    this.#random = random;
    this.#faults = faults;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** Cuts the connections that suffer in silence. */
  destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  destroy(): void {
    this.#server.close();
    this.destroyConnections();
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random.next() * choices.length)]!;
  }

  #accept(client: Socket): void {
    const target = this.#target();
    const colon = target.lastIndexOf(':');
    const server = connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) });
    const fault = this.calm ? 'none' : this.#pick(this.#faults);
    this.dealt.set(fault, (this.dealt.get(fault) ?? 0) + 1);
    const atByte = Math.floor(this.#random.next() * this.#pick(FAULT_BYTES));
    const link: Link = { client, server, fault, bytesLeft: atByte, done: false };
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        // A half-open connection is just that: the other end learns nothing.
        if (fault !== 'half-open' || !link.done) other.destroy();
      });
    }
    const frames = new FrameBoundary();
    client.on('data', (chunk: Buffer) => this.#pass(link, chunk, server, undefined));
    server.on('data', (chunk: Buffer) => this.#pass(link, chunk, client, frames));
  }

  #pass(link: Link, chunk: Buffer, to: Socket, frames: FrameBoundary | undefined): void {
    if (link.fault === 'half-open' && link.done) return;
    link.bytesLeft -= chunk.length;
    if (link.fault === 'delay') {
      setTimeout(() => to.write(chunk), this.#random.next() * LONGEST_DELAY_MS);
      return;
    }
    if (link.fault === 'none' || link.done || link.bytesLeft > 0 || this.calm) {
      frames?.pass(chunk);
      to.write(chunk);
      return;
    }
    this.#strike(link, chunk, to, frames);
  }

  #strike(link: Link, chunk: Buffer, to: Socket, frames: FrameBoundary | undefined): void {
    const kept = chunk.subarray(0, Math.max(0, chunk.length + link.bytesLeft));
    const { client, server, fault } = link;
    if (fault === 'garble' || fault === 'goaway') {
      if (frames === undefined) return void to.write(chunk);
      const struck = fault === 'garble' ? this.#garbled(chunk) : this.#withGoaway(chunk, frames);
      link.done = struck !== chunk;
      to.write(struck);
      return;
    }
    link.done = true;
    to.write(kept);
    if (fault === 'half-open') return;
    for (const socket of [client, server]) {
      if (fault === 'reset') socket.resetAndDestroy();
      else socket.destroySoon();
    }
  }

  #garbled(chunk: Buffer): Buffer {
    const copy = Buffer.from(chunk);
    const at = Math.floor(this.#random.next() * copy.length);
    copy[at] = copy[at]! ^ (1 + Math.floor(this.#random.next() * 255));
    return copy;
  }

  #withGoaway(chunk: Buffer, frames: FrameBoundary): Buffer {
    const at = frames.pass(chunk);
    if (at < 0) return chunk;
    const lastStreamId = this.#pick([0, 1, 7, 99, 0x7fffffff]);
    const code = this.#pick([0, 2, 11]);
    return Buffer.concat([chunk.subarray(0, at), goaway(lastStreamId, code), chunk.subarray(at)]);
  }
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly fault: Fault;
  bytesLeft: number;
  done: boolean;
}

/** Knows where frames end in a stream of bytes from an HTTP/2 server. */
class FrameBoundary {
  #header = Buffer.alloc(0);
  #payloadLeft = 0;

  /** Follows the bytes; returns the offset behind the first frame that ends in them, or -1. */
  pass(chunk: Buffer): number {
    let boundary = -1;
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= taken;
        at += taken;
      } else {
        const taken = Math.min(9 - this.#header.length, chunk.length - at);
        this.#header = Buffer.concat([this.#header, chunk.subarray(at, at + taken)]);
        at += taken;
        if (this.#header.length < 9) break;
        this.#payloadLeft = this.#header.readUIntBE(0, 3);
        this.#header = Buffer.alloc(0);
      }
      if (boundary < 0 && this.#payloadLeft === 0 && this.#header.length === 0) boundary = at;
    }
    return boundary;
  }
}

export interface ChaosOptions {
  /** Where connections go, asked for each. */
  readonly target: () => string;
  readonly random: Random;
  /** Default all. */
  readonly faults?: readonly Fault[];
}

/** Starts a proxy on a free port of 127.0.0.1. The caller destroys it. */
export async function startChaosProxy({
  target,
  random,
  faults = FAULTS,
}: ChaosOptions): Promise<ChaosProxy> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new ChaosProxy(server, target, random, faults);
}
