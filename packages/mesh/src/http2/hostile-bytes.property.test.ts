import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ConnectionRole } from './connection.js';
import { CLIENT_PREFACE } from './frame.js';
import {
  block,
  continuation,
  data,
  goaway,
  headers,
  ping,
  priority,
  raw,
  reset,
  settings,
  settingsAck,
  windowUpdate,
} from './frames.test.support.js';
import type { HeaderBlock } from './header-block.js';
import { OK, REQUEST, Rig, TRAILERS, fields } from './rig.test.support.js';
import { Call, WatchedEnd, type Stream } from './watched-end.test.support.js';

const SEED = 9113;
const request = block(REQUEST);
const trailers = [['a', 'b']] as const;
const response = [
  [':status', '200'],
  ['x', 'y'],
] as const;

/** What a client says that uses everything there is. */
const CLIENT_SAYS: readonly Buffer[] = [
  Buffer.from(CLIENT_PREFACE),
  settings([4, 100], [3, 7]),
  windowUpdate(0, 1000),
  settingsAck,
  headers(1, REQUEST, { end: true }),
  headers(3, REQUEST, { pad: 3, dependency: 1 }),
  data(3, 'hello', { pad: 2 }),
  priority(5, 3),
  headers(7, request.subarray(0, 9), { endHeaders: false, pad: 0 }),
  continuation(7, request.subarray(9, 30), false),
  continuation(7, request.subarray(30), true),
  data(7, ''),
  ping('abcdefgh'),
  data(3, 'world'),
  headers(3, trailers, { end: true }),
  windowUpdate(1, 5000),
  raw(0x77, 0xff, 3, Buffer.from('unknown')),
  reset(7, 8),
  data(7, 'late'),
  headers(9, [...REQUEST, ['content-length', '3']]),
  data(9, 'abc', { end: true }),
  headers(11, [...REQUEST, ['connection', 'close']], { end: true }),
  windowUpdate(9, 0),
  headers(13, [...REQUEST, ['large', 'x'.repeat(3000)]], { end: true }),
  settings([4, 65_535], [1, 0]),
  goaway(0, 0, 'bye'),
];

/** What a server says to a client that has opened streams 1, 3, 5 and 7. */
const SERVER_SAYS: readonly Buffer[] = [
  settings([3, 100], [4, 70_000]),
  settingsAck,
  windowUpdate(0, 100_000),
  headers(1, [[':status', '103']]),
  headers(1, response, { pad: 1 }),
  data(1, 'hello'),
  ping('abcdefgh'),
  headers(3, response, { end: true }),
  data(1, 'world', { pad: 4 }),
  headers(1, trailers, { end: true }),
  headers(5, block(response).subarray(0, 4), { endHeaders: false }),
  continuation(5, block(response).subarray(4), true),
  reset(5, 7),
  windowUpdate(7, 9),
  goaway(5, 0, 'bye'),
  raw(0x77, 0xff, 3, Buffer.from('unknown')),
];

/** A server whose handler does a little of everything. */
class BusyServer extends Rig {
  constructor() {
    super('server', { maxHeaderListBytes: 2_000 });
    this.reactions = {
      onHeaders: (stream) => {
        this.connection.sendHeaders(stream, OK, false);
        this.connection.sendData(stream, Buffer.alloc(150), 0, 150, false, true);
      },
      onSendable: (stream) => {
        this.connection.sendData(stream, Buffer.alloc(50), 0, 50, false, true);
        this.connection.sendHeaders(stream, TRAILERS, true);
      },
      onHeaderListTooLarge: (stream) => this.connection.sendHeaders(stream, OK, true),
    };
  }
}

class BusyClient extends Rig {
  constructor() {
    super('client');
    for (let count = 0; count < 4; count++) this.open(REQUEST, count < 2);
  }
}

/** What is heard and written when the bytes come in these pieces, each in a buffer that is overwritten after. */
function hear(rig: Rig, pieces: readonly Buffer[]): unknown {
  for (const piece of pieces) {
    const chunk = Buffer.from(piece);
    rig.send(chunk);
    chunk.fill(0xee);
  }
  return { events: rig.events(), written: rig.written(), active: rig.connection.activeStreams };
}

describe('a recorded conversation', () => {
  for (const [who, says, make] of [
    ['client', CLIENT_SAYS, () => new BusyServer()],
    ['server', SERVER_SAYS, () => new BusyClient()],
  ] as const) {
    const whole = Buffer.concat(says);

    it(`of a ${who} is understood as a whole`, () => {
      const rig = make();
      hear(rig, [whole]);
      assert.equal(rig.connection.failed, false);
    });

    it(`of a ${who} cut in two at any octet is the same`, () => {
      const expected = hear(make(), [whole]);
      for (let cut = 0; cut <= whole.length; cut++) {
        assert.deepEqual(
          hear(make(), [whole.subarray(0, cut), whole.subarray(cut)]),
          expected,
          `cut at ${cut}`,
        );
      }
    });

    it(`of a ${who} octet by octet is the same`, () => {
      const octets = Array.from(whole, (octet) => Buffer.of(octet));
      assert.deepEqual(hear(make(), octets), hear(make(), [whole]));
    });

    it(`of a ${who} cut at random in many pieces is the same`, () => {
      const expected = hear(make(), [whole]);
      fc.assert(
        fc.property(fc.array(fc.nat({ max: whole.length }), { maxLength: 40 }), (cuts) => {
          const bounds = [0, ...cuts.sort((a, b) => a - b), whole.length];
          const pieces = bounds.slice(1).map((end, at) => whole.subarray(bounds[at], end));
          assert.deepEqual(hear(make(), pieces), expected);
        }),
        { seed: SEED, numRuns: 100 },
      );
    });

    it(`of a ${who} that breaks off at any octet leaves nothing behind when the socket goes`, () => {
      for (let cut = 0; cut < whole.length; cut++) {
        const rig = make();
        rig.send(Buffer.from(whole.subarray(0, cut)));
        const open = rig.connection.activeStreams;
        assert.equal(rig.connection.abandonStreams().length, open);
        assert.equal(rig.connection.activeStreams, 0);
      }
    });
  }
});

/** Answers, pumps and resets, and is checked all the while. */
class WatchedServer extends WatchedEnd {
  override onHeaders(stream: Stream, head: HeaderBlock, endStream: boolean): void {
    super.onHeaders(stream, head, endStream);
    this.connection.sendHeaders(stream, OK, false);
    this.#send(stream);
  }

  override onSendable(stream: Stream): void {
    super.onSendable(stream);
    this.#send(stream);
  }

  override onData(stream: Stream, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    super.onData(stream, chunk, start, end, endStream);
    this.connection.consume(stream, end - start);
    this.connection.consumeConnection(end - start);
    if (end - start === 4) this.connection.resetStream(stream, 8);
  }

  override onTrailers(stream: Stream): void {
    super.onTrailers(stream);
    this.connection.sendHeaders(stream, TRAILERS, true);
  }

  override onHeaderListTooLarge(stream: Stream, endStream: boolean): void {
    super.onHeaderListTooLarge(stream, endStream);
    this.connection.resetStream(stream, 11);
  }

  #send(stream: Stream): void {
    this.connection.sendData(stream, Buffer.alloc(2_000), 0, 2_000, false, true);
  }
}

function watched(role: ConnectionRole): WatchedEnd {
  if (role === 'server') return new WatchedServer(role, { maxHeaderListBytes: 2_000 });
  const client = new WatchedEnd('client', {});
  for (let count = 0; count < 4; count++) {
    client.known(client.connection.openStream(fields(...REQUEST), count < 2, new Call()));
  }
  return client;
}

/** Feeds the bytes in two pieces; whatever they are, the handler's contract holds. */
function survive(role: ConnectionRole, bytes: Buffer, cut: number): void {
  const end = watched(role);
  end.connection.receive(bytes.subarray(0, cut));
  end.take();
  end.connection.receive(bytes.subarray(cut));
  assert.equal(end.connection.failed, end.failure !== undefined);
  const output = end.take();
  // Answers are no longer than what provoked them, but for the little that each new stream is sent.
  const bound = 100 + bytes.length * 17 + end.calls.size * 3_000;
  assert.ok(output.length <= bound, `${output.length} octets in answer to ${bytes.length}`);
  for (const stream of end.connection.abandonStreams()) assert.equal(stream.closed, true);
}

type Mutation = (frames: Buffer[]) => void;

function pick<T>(list: readonly T[], at: number): T {
  return list[at % list.length]!;
}

const position = fc.nat({ max: 1_000_000 });
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  // An octet becomes another one.
  fc.tuple(position, position, fc.nat({ max: 255 })).map(([which, at, octet]) => (frames: Buffer[]) => {
    const frame = pick(frames, which);
    if (frame.length > 0) frame[at % frame.length] = octet;
  }),
  // A bit of a frame's header flips.
  fc.tuple(position, fc.nat({ max: 71 })).map(([which, bit]) => (frames: Buffer[]) => {
    const frame = pick(frames, which);
    if (frame.length >= 9) frame[bit >> 3]! ^= 1 << (bit & 7);
  }),
  // A frame goes missing, comes twice, or comes at another place.
  position.map(
    (which) => (frames: Buffer[]) => void frames.splice(which % frames.length, frames.length > 1 ? 1 : 0),
  ),
  fc.tuple(position, position).map(([which, to]) => (frames: Buffer[]) => {
    frames.splice(to % frames.length, 0, Buffer.from(pick(frames, which)));
  }),
  // A frame is cut short, with or without its length being corrected.
  fc.tuple(position, position, fc.boolean()).map(([which, at, corrected]) => (frames: Buffer[]) => {
    const frame = pick(frames, which);
    const length = at % (frame.length + 1);
    if (corrected && length >= 9) frame.writeUIntBE(length - 9, 0, 3);
    frames[which % frames.length] = frame.subarray(0, length);
  }),
  // A frame of the other side, or of nobody.
  fc.tuple(position, position).map(([to, which]) => (frames: Buffer[]) => {
    frames.splice(to % frames.length, 0, Buffer.from(pick([...CLIENT_SAYS, ...SERVER_SAYS], which)));
  }),
  fc
    .tuple(
      position,
      fc.nat({ max: 11 }),
      fc.nat({ max: 255 }),
      fc.nat({ max: 14 }),
      fc.uint8Array({ maxLength: 20 }),
    )
    .map(([to, type, flags, id, payload]) => (frames: Buffer[]) => {
      frames.splice(to % frames.length, 0, raw(type, flags, id, payload));
    }),
);

describe('hostile bytes never throw, loop or break a promise', () => {
  for (const [role, says] of [
    ['server', CLIENT_SAYS],
    ['client', SERVER_SAYS],
  ] as const) {
    const preface = role === 'server' ? Buffer.from(CLIENT_PREFACE) : Buffer.alloc(0);

    it(`a conversation with mistakes, heard by a ${role}`, () => {
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), position, (mutations, cut) => {
          const frames = says.map((frame) => Buffer.from(frame));
          for (const mutate of mutations) mutate(frames);
          const bytes = Buffer.concat(frames);
          survive(role, bytes, cut % (bytes.length + 1));
        }),
        { seed: SEED, numRuns: 3_000 },
      );
    });

    it(`random octets after the preface, heard by a ${role}`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
          survive(role, Buffer.concat([preface, settings(), octets]), preface.length + 9);
        }),
        { seed: SEED, numRuns: 1_000 },
      );
    });

    it(`random octets from the start, heard by a ${role}`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100 }), position, (octets, cut) => {
          survive(role, Buffer.from(octets), cut % (octets.length + 1));
        }),
        { seed: SEED, numRuns: 500 },
      );
    });

    it(`random frames, heard by a ${role}`, () => {
      const frame = fc
        .tuple(
          fc.nat({ max: 10 }),
          fc.nat({ max: 255 }),
          fc.nat({ max: 12 }),
          fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.constant(request)),
        )
        .map(([type, flags, id, payload]) => raw(type, flags, id, payload));
      fc.assert(
        fc.property(fc.array(frame, { maxLength: 40 }), (frames) => {
          survive(role, Buffer.concat([preface, settings(), settingsAck, ...frames]), preface.length);
        }),
        { seed: SEED, numRuns: 2_000 },
      );
    });
  }
});
