import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameSplitter } from './frame-splitter.js';
import { raw } from './frames.test.support.js';
import { BufferPool } from './segment-pool.js';

function splitter(maxFrameBytes: number, stopAt = Infinity): { split: FrameSplitter; seen: string[] } {
  const seen: string[] = [];
  const sink = {
    onOversizedFrame: (type: number, id: number): void => void seen.push(`oversized ${type} ${id}`),
    onFrame: (
      type: number,
      flags: number,
      id: number,
      chunk: Buffer,
      start: number,
      end: number,
    ): boolean => {
      seen.push(`${type} ${flags} ${id} ${chunk.toString('latin1', start, end)}`);
      return seen.length < stopAt;
    },
  };
  return { split: new FrameSplitter(sink, maxFrameBytes, new BufferPool(2000, 4)), seen };
}

const bytes = Buffer.concat([
  raw(0, 1, 1, Buffer.from('abc')),
  raw(4, 0, 0),
  raw(9, 4, 0x7fffffff, Buffer.from('0123456789')),
]);
const frames = ['0 1 1 abc', '4 0 0 ', '9 4 2147483647 0123456789'];

describe('FrameSplitter, RFC 9113 4.1', () => {
  it('finds the frames of one chunk', () => {
    const { split, seen } = splitter(16);
    assert.equal(split.push(bytes, 0), true);
    assert.deepEqual(seen, frames);
  });

  it('starts where it is told', () => {
    const { split, seen } = splitter(16);
    split.push(Buffer.concat([Buffer.from('skip'), bytes]), 4);
    assert.deepEqual(seen, frames);
  });

  it('finds the same frames wherever the bytes are cut in three', () => {
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const { split, seen } = splitter(16);
        split.push(bytes.subarray(0, first), 0);
        split.push(bytes.subarray(first, second), 0);
        split.push(bytes.subarray(second), 0);
        assert.deepEqual(seen, frames, `cut at ${first} and ${second}`);
      }
    }
  });

  it('keeps nothing of a chunk whose buffer is used again', () => {
    const { split, seen } = splitter(16);
    const buffer = Buffer.alloc(5);
    for (let at = 0; at < bytes.length; at += 5) {
      split.push(buffer.subarray(0, bytes.copy(buffer, 0, at, at + 5)), 0);
      buffer.fill(0xee);
    }
    assert.deepEqual(seen, frames);
  });

  it('collects long frames in one buffer after the other, and longer ones in buffers of their own', () => {
    const lengths = [1500, 2000, 1024, 2001, 1500];
    const { split, seen } = splitter(4000);
    const long = Buffer.concat(lengths.map((length) => raw(0, 0, 1, Buffer.alloc(length, length & 0xff))));
    for (let at = 0; at < long.length; at += 700) split.push(long, at, Math.min(long.length, at + 700));
    assert.deepEqual(
      seen,
      lengths.map((length) => `0 0 1 ${Buffer.alloc(length, length & 0xff).toString('latin1')}`),
    );
  });

  it('refuses a frame that is too long as soon as its header is there', () => {
    for (let cut = 0; cut <= 9; cut++) {
      const { split, seen } = splitter(9);
      const header = bytes.subarray(21, 30);
      const refused = [header.subarray(0, cut), header.subarray(cut)].map((chunk) => !split.push(chunk, 0));
      assert.deepEqual(refused.indexOf(true), cut < 9 ? 1 : 0, 'by its last octet');
      assert.deepEqual(seen, ['oversized 9 2147483647']);
    }
  });

  it('stops when the sink has had enough, in a chunk and between chunks', () => {
    const { split, seen } = splitter(16, 1);
    assert.equal(split.push(bytes, 0), false);
    assert.deepEqual(seen, frames.slice(0, 1));
    const other = splitter(16, 1);
    other.split.push(bytes.subarray(0, 4), 0);
    assert.equal(other.split.push(bytes.subarray(4), 0), false);
    assert.deepEqual(other.seen, frames.slice(0, 1));
  });
});
