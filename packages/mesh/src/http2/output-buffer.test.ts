import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OutputBuffer, type OutputBatch } from './output-buffer.js';
import { SegmentPool } from './segment-pool.js';

function write(output: OutputBuffer, content: string): void {
  const at = output.reserve(content.length);
  output.commit(at + output.current!.write(content, at, 'latin1'));
}

function text(batch: OutputBatch): string {
  return Buffer.concat(batch.parts).toString('latin1');
}

describe('OutputBuffer', () => {
  it('hands over what was written, in order, and counts it', () => {
    const output = new OutputBuffer(new SegmentPool());
    write(output, 'one ');
    output.append(Buffer.from('x two y'), 2, 5, false);
    write(output, ' three');
    assert.equal(output.pendingBytes, 13);
    const batch = output.take();
    assert.equal(text(batch), 'one two three');
    assert.equal(batch.bytes, 13);
    assert.equal(batch.parts.length, 1, 'small payloads are copied');
    assert.equal(output.pendingBytes, 0);
    assert.equal(text(output.take()), '');
  });

  it('commits less than was reserved', () => {
    const output = new OutputBuffer(new SegmentPool());
    const at = output.reserve(100);
    output.commit(at + output.current!.write('abc', at));
    write(output, 'def');
    assert.equal(text(output.take()), 'abcdef');
  });

  it('chains large stable payloads between the frames around them', () => {
    const output = new OutputBuffer(new SegmentPool());
    const payload = Buffer.alloc(20_000, 'p');
    write(output, '[');
    output.append(payload, 0, 20_000, true);
    write(output, '][');
    output.append(payload, 0, 16_500, true);
    write(output, ']');
    const batch = output.take();
    assert.equal(text(batch), `[${'p'.repeat(20_000)}][${'p'.repeat(16_500)}]`);
    assert.equal(batch.parts[1]!.buffer, payload.buffer, 'by reference');
    assert.equal(batch.parts.length, 5);
    assert.equal(batch.segments.length, 1, 'and the segment goes on after them');
    assert.equal(batch.bytes, 36_504);
  });

  it('copies large payloads that are not stable', () => {
    const output = new OutputBuffer(new SegmentPool());
    const payload = Buffer.alloc(20_000, 'p');
    output.append(payload, 0, 20_000, false);
    payload.fill('q');
    assert.equal(text(output.take()), 'p'.repeat(20_000));
  });

  it('moves from a small segment to a large one, and writes in one piece', () => {
    const pool = new SegmentPool();
    const output = new OutputBuffer(pool);
    write(output, 'a'.repeat(100));
    const small = output.current!;
    write(output, 'b'.repeat(10_000));
    assert.ok(output.current!.length > small.length);
    assert.equal(pool.small.take(), small, 'which is free again');
    const batch = output.take();
    assert.equal(batch.parts.length, 1);
    assert.equal(text(batch), `${'a'.repeat(100)}${'b'.repeat(10_000)}`);
  });

  it('takes what is larger than a segment', () => {
    const output = new OutputBuffer(new SegmentPool());
    write(output, 'a');
    write(output, 'b'.repeat(150_000));
    output.append(Buffer.alloc(160_000, 'c'), 0, 160_000, false);
    write(output, 'd');
    const batch = output.take();
    assert.equal(text(batch), `a${'b'.repeat(150_000)}${'c'.repeat(160_000)}d`);
    assert.equal(batch.bytes, 310_002);
  });

  it('never writes into a batch that was not released', () => {
    const output = new OutputBuffer(new SegmentPool());
    write(output, 'first');
    const first = output.take();
    write(output, 'other');
    const second = output.take();
    assert.equal(text(first), 'first');
    assert.equal(text(second), 'other');
  });

  it('uses the segments of a released batch again, each once', () => {
    const pool = new SegmentPool();
    const output = new OutputBuffer(pool);
    for (let part = 0; part < 300; part++) write(output, 'x'.repeat(1_000));
    const batch = output.take();
    assert.ok(batch.segments.length >= 3);
    assert.equal(new Set(batch.segments).size, batch.segments.length, 'no segment twice');
    output.release(batch);
    const again = [pool.large.take(), pool.large.take(), pool.large.take()];
    for (const segment of again) assert.ok(batch.segments.includes(segment));
    assert.equal(new Set(again).size, 3);
  });

  it('does not keep buffers of odd sizes for reuse', () => {
    const pool = new SegmentPool();
    const output = new OutputBuffer(pool);
    write(output, 'x'.repeat(200_000));
    output.release(output.take());
    assert.ok(pool.large.take().length < 200_000);
  });
});
