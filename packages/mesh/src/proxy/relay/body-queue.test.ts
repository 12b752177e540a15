import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Http2Connection } from '../../http2/connection.js';
import { SegmentPool } from '../../http2/segment-pool.js';
import type { Http2Stream } from '../../http2/stream.js';
import { BodyQueue } from './body-queue.js';

/** One for all, so that buffers are used again. */
const segments = new SegmentPool();

/** Takes as much as there is room for. */
class Receiver {
  room = Infinity;
  #parts: Buffer[] = [];
  ended = false;

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  restart(): void {
    this.#parts = [];
    this.ended = false;
  }

  connection(): Http2Connection<unknown> {
    return {
      sendData: (_stream: unknown, chunk: Buffer, start: number, end: number, last: boolean): number => {
        assert.ok(!this.ended, 'nothing is sent after the end');
        const taken = Math.min(end - start, this.room);
        this.room -= taken;
        this.#parts.push(Buffer.from(chunk.subarray(start, start + taken)));
        this.ended = last && taken === end - start;
        return taken;
      },
    } as unknown as Http2Connection<unknown>;
  }

  takeFrom(queue: BodyQueue, endStream = false): number {
    if (this.ended) return 0;
    return queue.sendTo(this.connection(), {} as Http2Stream<unknown>, endStream);
  }
}

const text = (queue: BodyQueue, value: string): void => queue.push(Buffer.from(value), 0, value.length);

describe('a body queue', () => {
  it('sends what it holds in order, as far as there is room', () => {
    const queue = new BodyQueue(segments, false);
    const receiver = new Receiver();
    receiver.room = 7;
    text(queue, 'hello ');
    text(queue, 'world');
    assert.equal(receiver.takeFrom(queue), 7);
    assert.equal(receiver.bytes.toString(), 'hello w');
    assert.equal(queue.unsentBytes, 4);
    receiver.room = 100;
    assert.equal(receiver.takeFrom(queue, true), 4);
    assert.equal(receiver.bytes.toString(), 'hello world');
    assert.ok(receiver.ended);
    assert.equal(queue.heldBytes, 0);
  });

  it('ends a body that is empty, or whose last byte went before its end was known', () => {
    const empty = new Receiver();
    empty.takeFrom(new BodyQueue(segments, true), true);
    assert.ok(empty.ended);

    const queue = new BodyQueue(segments, true);
    const receiver = new Receiver();
    text(queue, 'all');
    receiver.takeFrom(queue);
    assert.ok(!receiver.ended);
    receiver.takeFrom(queue, true);
    assert.ok(receiver.ended);
  });

  it('keeps what was sent while it may have to be sent again, and counts it as fresh once', () => {
    const queue = new BodyQueue(segments, true);
    const receiver = new Receiver();
    text(queue, 'first ');
    assert.equal(receiver.takeFrom(queue), 6);
    assert.equal(queue.heldBytes, 6);
    assert.ok(queue.replayable);
    queue.seek(0);
    receiver.restart();
    text(queue, 'second');
    assert.equal(queue.unsentBytes, 12);
    assert.equal(queue.freshBytes, 6);
    assert.equal(receiver.takeFrom(queue), 6);
    assert.equal(receiver.bytes.toString(), 'first second');
    assert.equal(queue.freshBytes, 0);
  });

  it('can still be sent again after it was told to forget, until something was sent', () => {
    const queue = new BodyQueue(segments, true);
    text(queue, 'waiting');
    queue.stopRetaining();
    assert.ok(queue.replayable);
    new Receiver().takeFrom(queue);
    assert.ok(!queue.replayable);
    assert.equal(queue.heldBytes, 0);
  });

  it('does not hold on to the buffer that a piece was read with, which is overwritten', () => {
    for (const length of [7, 5_000, 40_000]) {
      const queue = new BodyQueue(segments, false);
      const read = Buffer.alloc(length, 'message');
      queue.push(read, 0, length);
      queue.push(read, 0, length);
      const expected = Buffer.concat([read, read]);
      read.fill(0);
      const receiver = new Receiver();
      receiver.takeFrom(queue);
      assert.ok(receiver.bytes.equals(expected));
    }
  });

  it('uses the buffers again of what was sent or dropped, and of nothing else', () => {
    const pool = new SegmentPool();
    const first = new BodyQueue(pool, false);
    first.push(Buffer.alloc(16_000, 'a'), 0, 16_000);
    const sent = new Receiver();
    sent.takeFrom(first);
    const second = new BodyQueue(pool, true);
    second.push(Buffer.alloc(16_000, 'b'), 0, 16_000);
    const third = new BodyQueue(pool, true);
    third.push(Buffer.alloc(16_000, 'c'), 0, 16_000);
    const kept = new Receiver();
    kept.takeFrom(second);
    assert.equal(kept.bytes.toString(), 'b'.repeat(16_000));
    third.drop();
    const given = pool.frame.take();
    assert.equal(given[0], 'c'.charCodeAt(0), 'the dropped one');
    assert.notEqual(pool.frame.take()[0], 'b'.charCodeAt(0), 'not the one that may be sent again');
  });

  it('lets pass by what need not be kept, and queues the rest', () => {
    const receiver = new Receiver();
    const passing = receiver.connection();
    const queue = new BodyQueue(segments, true);
    text(queue, 'kept');
    receiver.takeFrom(queue);
    assert.ok(!queue.passable, 'it may have to be sent again');
    queue.stopRetaining();
    assert.ok(queue.passable);
    receiver.room = 4;
    const bytes = Buffer.from('-passed');
    const at = queue.passBy(passing, {} as Http2Stream<unknown>, bytes, 0, 7, false);
    assert.equal(at, 4);
    queue.push(bytes, at, 7);
    assert.ok(!queue.passable, 'the rest goes first');
    assert.ok(!queue.replayable);
    receiver.room = 10;
    receiver.takeFrom(queue, true);
    assert.equal(receiver.bytes.toString(), 'kept-passed');
  });

  it('gathers tiny pieces: many of them cost few buffers', () => {
    const queue = new BodyQueue(segments, false);
    const piece = Buffer.from('x');
    for (let at = 0; at < 100_000; at++) queue.push(piece, 0, 1);
    let buffers = 0;
    const connection = {
      sendData: (_: unknown, _chunk: Buffer, start: number, end: number) => (buffers++, end - start),
    };
    queue.sendTo(connection as unknown as Http2Connection<unknown>, {} as Http2Stream<unknown>, false);
    assert.ok(buffers < 20, `${buffers} buffers`);
    assert.equal(queue.unsentBytes, 0);
  });

  it('goes to several receivers, each at its own pace', () => {
    const step = fc.oneof(
      fc.record({ push: fc.oneof(fc.nat(40), fc.integer({ min: 1, max: 9000 })) }),
      fc.record({ to: fc.nat(2), room: fc.nat(9000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const queue = new BodyQueue(segments, true);
        const receivers = [new Receiver(), new Receiver(), new Receiver()];
        let pushed = Buffer.alloc(0);
        let fresh = 0;
        const send = (receiver: Receiver, room: number, end = false): void => {
          queue.seek(receiver.bytes.length);
          receiver.room = room;
          fresh += receiver.takeFrom(queue, end);
          assert.equal(queue.sentBytes, receiver.bytes.length);
        };
        for (const one of steps) {
          if ('push' in one) {
            const piece = Buffer.from(
              Array.from({ length: one.push }, (_, at) => (pushed.length + at) % 253),
            );
            pushed = Buffer.concat([pushed, piece]);
            queue.push(piece, 0, piece.length);
          } else {
            send(receivers[one.to]!, one.room);
          }
          assert.equal(fresh, Math.max(...receivers.map(({ bytes }) => bytes.length)));
        }
        for (const receiver of receivers) {
          send(receiver, Infinity, true);
          assert.ok(receiver.bytes.equals(pushed));
          assert.ok(receiver.ended);
        }
      }),
      { seed: 12, numRuns: 200 },
    );
  });

  it('gives every byte once, in order, however pushes, sends and new beginnings follow one another', () => {
    const action = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ push: fc.oneof(fc.nat(40), fc.integer({ min: 4000, max: 9000 })) }),
      },
      { weight: 4, arbitrary: fc.record({ room: fc.nat(9000) }) },
      { weight: 1, arbitrary: fc.constant({ again: true }) },
      { weight: 1, arbitrary: fc.constant({ forget: true }) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60, size: 'max' }), fc.boolean(), (actions, retaining) => {
        const queue = new BodyQueue(segments, retaining);
        const receiver = new Receiver();
        let pushed = Buffer.alloc(0);
        let fresh = 0;
        for (const step of actions) {
          if ('push' in step) {
            const piece = Buffer.from(
              Array.from({ length: step.push }, (_, at) => (pushed.length + at) % 253),
            );
            pushed = Buffer.concat([pushed, piece]);
            queue.push(piece, 0, piece.length);
          } else if ('room' in step) {
            receiver.room = step.room;
            fresh += receiver.takeFrom(queue);
          } else if ('forget' in step) {
            queue.stopRetaining();
          } else if (queue.replayable) {
            queue.seek(0);
            receiver.restart();
          }
          const { length } = receiver.bytes;
          assert.equal(queue.unsentBytes, pushed.length - length);
          assert.equal(queue.freshBytes, pushed.length - fresh);
          assert.ok(queue.heldBytes >= queue.unsentBytes);
        }
        receiver.room = Infinity;
        receiver.takeFrom(queue, true);
        assert.ok(receiver.bytes.equals(pushed));
        assert.ok(receiver.ended);
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});
