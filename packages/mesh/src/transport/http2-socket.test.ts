import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FakeClock } from '@weir/core/testing';
import { headers, ping, raw, windowUpdate } from '../http2/frames.test.support.js';
import { FrameReader } from '../http2/frames.test.support.js';
import { OK, REQUEST, Rig } from '../http2/rig.test.support.js';
import { FlushQueue } from './flush-queue.js';
import { Http2Socket } from './http2-socket.js';

/** A socket without a network: what is written is taken at once, or, while `stuck`, kept until `unstick`. */
class FakeSocket extends Duplex {
  stuck = false;
  writes = 0;
  taken = Buffer.alloc(0);
  finished = false;
  #unsent: { chunks: readonly Buffer[]; done: () => void } | undefined;

  constructor() {
    super({ allowHalfOpen: false });
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#send([chunk], done);
  }

  override _writev(items: readonly { chunk: Buffer }[], done: () => void): void {
    this.#send(
      items.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: () => void): void {
    this.finished = true;
    done();
  }

  unstick(): void {
    this.stuck = false;
    const unsent = this.#unsent;
    this.#unsent = undefined;
    if (unsent !== undefined) this.#send(unsent.chunks, unsent.done);
  }

  #send(chunks: readonly Buffer[], done: () => void): void {
    if (this.stuck) {
      this.#unsent = { chunks, done };
      return;
    }
    this.writes++;
    this.taken = Buffer.concat([this.taken, ...chunks]);
    done();
  }
}

let clock: FakeClock;
let socket: FakeSocket;
let rig: Rig;
let http2: Http2Socket<string>;
let gone: (Error | undefined)[];
let reader: FrameReader;

/** Frames that the peer has got. */
function got(): string[] {
  const frames = reader.read(socket.taken).map(({ text }) => text);
  socket.taken = Buffer.alloc(0);
  return frames;
}

function arrive(...frames: readonly Buffer[]): void {
  socket.push(Buffer.concat(frames));
}

beforeEach(() => {
  clock = new FakeClock();
  socket = new FakeSocket();
  const heard: (Error | undefined)[] = [];
  gone = heard;
  reader = new FrameReader();
  rig = Rig.ready('server');
  http2 = new Http2Socket(
    () => socket as unknown as Socket,
    rig.connection,
    new FlushQueue(),
    clock,
    (error) => heard.push(error),
  );
  rig.reactions = { onOutput: () => http2.wake(), onFailure: () => http2.close() };
});

describe('Http2Socket', () => {
  it('writes once a turn, whatever came in', async () => {
    arrive(ping('aaaaaaaa'), ping('bbbbbbbb'));
    arrive(ping('cccccccc'));
    assert.equal(socket.writes, 0);
    await nextTurn();
    await nextTurn();
    assert.deepEqual(got(), ['PING ACK "aaaaaaaa"', 'PING ACK "bbbbbbbb"', 'PING ACK "cccccccc"']);
    assert.equal(socket.writes, 1);
  });

  it('writes chained payloads in one go', async () => {
    arrive(headers(1, REQUEST, { end: true }));
    await nextTurn();
    rig.connection.sendHeaders(rig.stream(1), OK, false);
    rig.connection.sendData(rig.stream(1), Buffer.alloc(30_000), 0, 30_000, true, true);
    await nextTurn();
    assert.deepEqual(got(), ['HEADERS 1 :status=200', 'DATA 1 16384 bytes', 'DATA 1 13616 bytes END']);
    assert.equal(socket.writes, 1);
    assert.equal(http2.takeBytesWritten(), 9 + 1 + 9 + 16_384 + 9 + 13_616);
    assert.equal(http2.takeBytesWritten(), 0);
  });

  it('counts the bytes it reads', async () => {
    arrive(ping());
    await nextTurn();
    assert.equal(http2.takeBytesRead(), 17);
    assert.equal(http2.takeBytesRead(), 0);
  });

  it('never writes into buffers that the socket has not written yet', async () => {
    socket.stuck = true;
    arrive(ping('aaaaaaaa'));
    await nextTurn();
    await nextTurn();
    arrive(ping('bbbbbbbb'));
    await nextTurn();
    await nextTurn();
    socket.unstick();
    await nextTurn();
    assert.deepEqual(got(), ['PING ACK "aaaaaaaa"', 'PING ACK "bbbbbbbb"']);
  });

  it('takes no DATA while the socket is full, and goes on when it drains', async () => {
    arrive(headers(1, REQUEST, { end: true }), windowUpdate(1, 1 << 20), windowUpdate(0, 1 << 20));
    await nextTurn();
    socket.stuck = true;
    const send = (): number =>
      rig.connection.sendData(rig.stream(1), Buffer.alloc(50_000), 0, 50_000, false, true);
    assert.equal(send(), 50_000);
    await nextTurn();
    assert.equal(send(), 0);
    rig.events();
    socket.unstick();
    await nextTurn();
    assert.deepEqual(rig.events(), ['sendable 1']);
    assert.equal(send(), 50_000);
  });

  it('is not full when the kernel took all at once, however much it was', async () => {
    arrive(headers(1, REQUEST, { end: true }), windowUpdate(1, 1 << 20), windowUpdate(0, 1 << 20));
    await nextTurn();
    const blocked: boolean[] = [];
    const { blockOutput } = rig.connection;
    rig.connection.blockOutput = function (value) {
      blocked.push(value);
      blockOutput.call(this, value);
    };
    rig.connection.sendData(rig.stream(1), Buffer.alloc(50_000), 0, 50_000, false, true);
    await nextTurn();
    assert.ok(!blocked.includes(true));
  });
});

describe('the end of an Http2Socket', () => {
  it('comes after what there is to write, and the peer gets time to read it', async () => {
    arrive(ping());
    await nextTurn();
    http2.close();
    http2.close();
    await nextTurn();
    await nextTurn();
    assert.deepEqual(got(), ['PING ACK "12345678"']);
    assert.equal(socket.finished, true);
    assert.equal(socket.destroyed, false, 'the other side has not closed');
    clock.advance(999);
    assert.equal(socket.destroyed, false);
    clock.advance(1);
    assert.equal(socket.destroyed, true);
    await nextTurn();
    assert.deepEqual(gone, [undefined]);
    assert.equal(clock.pendingTimers, 0);
  });

  it('does not cut off a slow reader', async () => {
    socket.stuck = true;
    rig.connection.ping();
    http2.close();
    await nextTurn();
    clock.advance(29_999);
    assert.equal(socket.destroyed, false);
    socket.unstick();
    await nextTurn();
    assert.equal(got().length, 1);
    clock.advance(1_000);
    assert.equal(socket.destroyed, true);
  });

  it('does not wait for a reader that reads nothing', async () => {
    socket.stuck = true;
    rig.connection.ping();
    http2.close();
    await nextTurn();
    clock.advance(30_000);
    assert.equal(socket.destroyed, true);
  });

  it('waits a second only when the peer broke the protocol', async () => {
    socket.stuck = true;
    arrive(raw(6, 0, 0, [1]));
    await nextTurn();
    await nextTurn();
    clock.advance(1_000);
    assert.equal(socket.destroyed, true);
  });

  it('is deaf to what comes later, and does not answer it', async () => {
    socket.stuck = true;
    rig.connection.ping();
    http2.close();
    await nextTurn();
    // A write after the end would destroy the socket with the PING in it.
    arrive(ping('too late'), headers(1, REQUEST));
    rig.connection.ping();
    await nextTurn();
    await nextTurn();
    assert.deepEqual(rig.events(), []);
    assert.equal(socket.destroyed, false);
    socket.unstick();
    await nextTurn();
    assert.equal(got().length, 1);
    assert.deepEqual(gone, []);
  });

  it('comes when the peer half-closes', async () => {
    socket.push(null);
    await nextTurn();
    await nextTurn();
    assert.equal(socket.finished, true);
    assert.deepEqual(gone, [undefined]);
    assert.equal(clock.pendingTimers, 0);
  });

  it('is not put off by a peer that half-closes and reads nothing', async () => {
    socket.stuck = true;
    rig.connection.ping();
    await nextTurn();
    socket.push(null);
    await nextTurn();
    clock.advance(1_000);
    await nextTurn();
    assert.deepEqual(gone, [undefined]);
  });

  it('by an error tells which, and what is written after goes nowhere', async () => {
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    socket.destroy(error);
    rig.connection.ping();
    await nextTurn();
    await nextTurn();
    assert.deepEqual(gone, [error]);
    http2.close();
    await nextTurn();
    assert.equal(socket.writes, 0);
    assert.equal(clock.pendingTimers, 0);
  });
});
