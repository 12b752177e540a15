import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameMessage, MessageReader } from './message-framing.js';

const messages = ['', 'a', 'hello', 'x'.repeat(70_000)].map((text) => Buffer.from(text));
const wire = Buffer.concat(messages.map(frameMessage));

test('messages survive the wire whatever the size of the pieces', () => {
  for (const step of [1, 2, 3, 5, 7, 4096, wire.length]) {
    const reader = new MessageReader(100_000);
    const read: Buffer[] = [];
    for (let at = 0; at < wire.length; at += step)
      read.push(...reader.push(wire, at, Math.min(at + step, wire.length)));
    assert.deepEqual(read.map(String), messages.map(String), `pieces of ${step} bytes`);
  }
});

test('a message longer than the limit is refused before memory is taken for it', () => {
  const reader = new MessageReader(10);
  assert.throws(() => reader.push(Buffer.from([0, 255, 255, 255, 255]), 0, 5), /longer than the limit of 10/);
});

test('a compressed message is refused', () => {
  const reader = new MessageReader(10);
  assert.throws(() => reader.push(Buffer.from([1, 0, 0, 0, 1]), 0, 5), /compressed/);
});
