import assert from 'node:assert/strict';
import type { Random } from '@weir/core';
import { FrameReader, HEADERS, MAGIC, type Frame } from '../support/raw-frames/frame.js';
import type { FuzzTarget } from './fuzz-target.js';
import { pieces } from './mutate.js';
import { RecordedConnection } from './recorded-connection.js';

/**
 * A connection of the engine. The first octet of an input chooses the role (bit 0: client) and how the connection's user
 * behaves (the other bits); the rest is what the peer sends.
 */
export const frameTarget: FuzzTarget = {
  name: 'frames',
  files: [
    '/dist/http2/connection.js',
    '/dist/http2/connection-sender.js',
    '/dist/http2/frame-splitter.js',
    '/dist/http2/header-block.js',
    '/dist/http2/settings.js',
    '/dist/http2/closed-streams.js',
  ],

  parts(input: Buffer): Buffer[] {
    const isServer = ((input[0] ?? 0) & 1) === 0;
    const first = input.subarray(0, 1 + (isServer ? MAGIC.length : 0));
    const parts = [first];
    for (let at = first.length; at < input.length;) {
      const length = at + 3 <= input.length ? input.readUIntBE(at, 3) : 0;
      parts.push(input.subarray(at, at + 9 + length));
      at += 9 + length;
    }
    return parts;
  },

  run(input: Buffer, random: Random): Iterable<string> {
    const mode = input[0] ?? 0;
    const bytes = input.subarray(1);
    const whole = new RecordedConnection(mode);
    whole.feed(Buffer.from(bytes));
    whole.check();
    const cut = new RecordedConnection(mode);
    for (const piece of pieces(bytes, random)) cut.feed(piece);
    cut.check();
    // DATA is told as it comes, but never before its frame is whole; so the events must be the very same.
    assert.deepEqual(cut.events, whole.events, 'other events when the input is cut');
    assert.ok(cut.sent().equals(whole.sent()), 'other output when the input is cut');
    return features(bytes, whole);
  },
};

/** Event after event; and each frame of the input with what the one before it was. */
function* features(bytes: Buffer, { events, mode }: RecordedConnection): Iterable<string> {
  let last = 'start';
  for (const event of events) {
    const kind = event.replaceAll(/\d+/g, '#');
    yield `${mode & 1} ${last} > ${kind}`;
    last = kind;
  }
  let before = '';
  for (const frame of new FrameReader().push((mode & 1) === 0 ? bytes.subarray(MAGIC.length) : bytes)) {
    const kind = shape(frame);
    yield `${mode & 1} ${before} ${kind} ${events.length > 0 ? (events.at(-1) ?? '').slice(0, 12) : ''}`;
    before = kind;
  }
}

function shape({ type, flags, streamId, payload }: Frame): string {
  const known = type === HEADERS ? flags & 0x2d : flags & 0x0d;
  return `${Math.min(type, 10)}/${known}/${Math.min(streamId, 4)}/${Math.min(payload.length, 2)}`;
}
