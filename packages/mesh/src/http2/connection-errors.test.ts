import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
  windowUpdate,
} from './frames.test.support.js';
import { OK, REQUEST, Rig } from './rig.test.support.js';

const [
  DATA,
  HEADERS,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  PUSH_PROMISE,
  PING,
  GOAWAY,
  WINDOW_UPDATE,
  CONTINUATION,
] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
const [END_HEADERS, PADDED, PADDED_PRIORITY] = [0x4, 0x8, 0x28];
const request = block(REQUEST);

/** Stream 1 is open, 3 was ended by both sides, 5 was reset by us; 7 and up are idle. */
function busyServer(): Rig {
  const rig = Rig.ready('server');
  rig.send(headers(1, REQUEST), headers(3, REQUEST, { end: true }), headers(5, REQUEST));
  rig.connection.sendHeaders(rig.stream(3), OK, true);
  rig.connection.resetStream(rig.stream(5), 8);
  rig.written();
  rig.events();
  return rig;
}

type Case = readonly [name: string, frames: readonly Buffer[], code: string];

/** Connection errors (RFC 9113 5.4.1): GOAWAY with the code, and no event but the failure. */
const CONNECTION_ERRORS: readonly Case[] = [
  [
    '4.2: a frame longer than SETTINGS_MAX_FRAME_SIZE',
    [raw(DATA, 0, 1, Buffer.alloc(16_385))],
    'FRAME_SIZE_ERROR',
  ],
  [
    '4.2: an unknown frame too is limited in size',
    [raw(0x99, 0, 1, Buffer.alloc(16_385))],
    'FRAME_SIZE_ERROR',
  ],
  ['4.3: a header block that cannot be decoded', [headers(7, Buffer.of(0x80))], 'COMPRESSION_ERROR'],
  ['4.3: a header block cut within a field', [headers(7, request.subarray(0, -1))], 'COMPRESSION_ERROR'],
  ['5.1: HEADERS on a stream that both sides ended', [headers(3, REQUEST, { end: true })], 'STREAM_CLOSED'],
  ['5.1: DATA on an idle stream', [data(7, 'x')], 'PROTOCOL_ERROR'],
  ['5.1: RST_STREAM on an idle stream', [reset(7, 8)], 'PROTOCOL_ERROR'],
  ['5.1: WINDOW_UPDATE on an idle stream', [windowUpdate(7, 1)], 'PROTOCOL_ERROR'],
  ['5.1: RST_STREAM on a stream of ours that we never opened', [reset(2, 8)], 'PROTOCOL_ERROR'],
  ['5.1.1: an even stream id from a client', [headers(2, REQUEST)], 'PROTOCOL_ERROR'],
  ['5.1.1: a new stream below one seen', [headers(11, REQUEST), headers(9, REQUEST)], 'PROTOCOL_ERROR'],
  [
    '5.3.1 of RFC 7540: HEADERS whose stream depends on itself',
    [headers(7, REQUEST, { dependency: 7 })],
    'PROTOCOL_ERROR',
  ],
  ['5.3.1 of RFC 7540: an idle stream that depends on itself', [priority(7, 7)], 'PROTOCOL_ERROR'],
  [
    '5.5: an extension frame inside a header block',
    [headers(7, request, { endHeaders: false }), raw(0x99, 0, 0)],
    'PROTOCOL_ERROR',
  ],
  ['6.1: DATA on stream 0', [data(0, 'x')], 'PROTOCOL_ERROR'],
  [
    '6.1: DATA whose padding is as long as its payload',
    [raw(DATA, PADDED, 1, [4, 0, 0, 0])],
    'PROTOCOL_ERROR',
  ],
  ['6.1: DATA too short for its pad length', [raw(DATA, PADDED, 1)], 'FRAME_SIZE_ERROR'],
  ['6.2: HEADERS on stream 0', [headers(0, REQUEST)], 'PROTOCOL_ERROR'],
  [
    '6.2: HEADERS whose padding exceeds its payload',
    [raw(HEADERS, PADDED | END_HEADERS, 7, [9, ...Buffer.alloc(8)])],
    'PROTOCOL_ERROR',
  ],
  [
    '6.2: HEADERS whose padding eats into the priority',
    [raw(HEADERS, PADDED_PRIORITY | END_HEADERS, 7, [1, 0, 0, 0, 0, 0])],
    'PROTOCOL_ERROR',
  ],
  ['6.2: HEADERS too short for its pad length', [raw(HEADERS, PADDED | END_HEADERS, 7)], 'FRAME_SIZE_ERROR'],
  [
    '6.2: HEADERS too short for its priority',
    [raw(HEADERS, PADDED_PRIORITY | END_HEADERS, 7, [0, 0, 0, 0, 0])],
    'FRAME_SIZE_ERROR',
  ],
  [
    '6.2: another stream inside a header block',
    [headers(7, request, { endHeaders: false }), headers(9, REQUEST)],
    'PROTOCOL_ERROR',
  ],
  ['6.3: PRIORITY on stream 0', [priority(0, 1)], 'PROTOCOL_ERROR'],
  ['6.3: PRIORITY of 4 octets on an idle stream', [raw(PRIORITY, 0, 7, [0, 0, 0, 0])], 'FRAME_SIZE_ERROR'],
  ['6.4: RST_STREAM on stream 0', [reset(0, 8)], 'PROTOCOL_ERROR'],
  ['6.4: RST_STREAM of 3 octets', [raw(RST_STREAM, 0, 1, [0, 0, 0])], 'FRAME_SIZE_ERROR'],
  ['6.5: SETTINGS on a stream', [raw(SETTINGS, 0, 1)], 'PROTOCOL_ERROR'],
  ['6.5: SETTINGS ACK with a payload', [raw(SETTINGS, 1, 0, [0, 3, 0, 0, 0, 1])], 'FRAME_SIZE_ERROR'],
  ['6.5: SETTINGS of 5 octets', [raw(SETTINGS, 0, 0, [0, 3, 0, 0, 0])], 'FRAME_SIZE_ERROR'],
  ['6.5.2: SETTINGS_ENABLE_PUSH of 2', [settings([2, 2])], 'PROTOCOL_ERROR'],
  ['6.5.2: SETTINGS_INITIAL_WINDOW_SIZE of 2^31', [settings([4, 0x80000000])], 'FLOW_CONTROL_ERROR'],
  ['6.5.2: SETTINGS_MAX_FRAME_SIZE of 16383', [settings([5, 16_383])], 'PROTOCOL_ERROR'],
  ['6.5.2: SETTINGS_MAX_FRAME_SIZE of 2^24', [settings([5, 1 << 24])], 'PROTOCOL_ERROR'],
  [
    '6.6: PUSH_PROMISE from a client',
    [raw(PUSH_PROMISE, END_HEADERS, 1, [0, 0, 0, 2, ...request])],
    'PROTOCOL_ERROR',
  ],
  ['6.7: PING on a stream', [raw(PING, 0, 1, Buffer.alloc(8))], 'PROTOCOL_ERROR'],
  ['6.7: PING of 6 octets', [raw(PING, 0, 0, Buffer.alloc(6))], 'FRAME_SIZE_ERROR'],
  ['6.8: GOAWAY on a stream', [raw(GOAWAY, 0, 1, Buffer.alloc(8))], 'PROTOCOL_ERROR'],
  ['6.8: GOAWAY of 7 octets', [raw(GOAWAY, 0, 0, Buffer.alloc(7))], 'FRAME_SIZE_ERROR'],
  ['6.9: WINDOW_UPDATE of 0 on the connection', [windowUpdate(0, 0)], 'PROTOCOL_ERROR'],
  ['6.9: WINDOW_UPDATE of 3 octets', [raw(WINDOW_UPDATE, 0, 1, [0, 0, 1])], 'FRAME_SIZE_ERROR'],
  ['6.9.1: the connection’s window above 2^31-1', [windowUpdate(0, 0x7fffffff)], 'FLOW_CONTROL_ERROR'],
  [
    '6.9.2: a stream’s window above 2^31-1 by SETTINGS',
    [windowUpdate(1, 0x7fff0000), settings([4, 65_536])],
    'FLOW_CONTROL_ERROR',
  ],
  ['6.10: CONTINUATION without HEADERS', [continuation(1, request, true)], 'PROTOCOL_ERROR'],
  ['6.10: CONTINUATION on stream 0', [raw(CONTINUATION, END_HEADERS, 0, request)], 'PROTOCOL_ERROR'],
  [
    '6.10: CONTINUATION after a block that was complete',
    [headers(7, REQUEST), continuation(7, request, true)],
    'PROTOCOL_ERROR',
  ],
  [
    '6.10: CONTINUATION on another stream',
    [headers(7, request, { endHeaders: false }), continuation(9, request, true)],
    'PROTOCOL_ERROR',
  ],
  [
    '6.10: DATA inside a header block',
    [headers(7, request, { endHeaders: false }), data(1, 'x')],
    'PROTOCOL_ERROR',
  ],
  ['8.4: a client cannot push', [raw(PUSH_PROMISE, END_HEADERS, 7, [0, 0, 0, 8])], 'PROTOCOL_ERROR'],
];

/** Stream errors (5.4.2) on stream 1: it is reset, its owner is told, and the connection lives on. */
const STREAM_ERRORS: readonly Case[] = [
  ['5.3.1 of RFC 7540: an open stream that depends on itself', [priority(1, 1)], 'PROTOCOL_ERROR'],
  ['6.3: PRIORITY of 4 octets on an open stream', [raw(PRIORITY, 0, 1, [0, 0, 0, 0])], 'FRAME_SIZE_ERROR'],
  ['6.9: WINDOW_UPDATE of 0 on a stream', [windowUpdate(1, 0)], 'PROTOCOL_ERROR'],
  ['6.9.1: a stream’s window above 2^31-1', [windowUpdate(1, 0x7fffffff)], 'FLOW_CONTROL_ERROR'],
  ['8.1: a second HEADERS without END_STREAM', [headers(1, [['a', 'b']])], 'PROTOCOL_ERROR'],
  ['8.1: trailers with pseudo-header fields', [headers(1, REQUEST, { end: true })], 'PROTOCOL_ERROR'],
];

/** Frames that RFC 9113 wants taken without a word. */
const IGNORED: readonly (readonly [name: string, frame: Buffer])[] = [
  ['4.1: an unknown frame', raw(0x99, 0xff, 1, Buffer.alloc(9))],
  ['4.1: undefined flags', raw(WINDOW_UPDATE, 0xff, 1, [0, 0, 0, 1])],
  ['4.1: the reserved bit of the stream id', raw(WINDOW_UPDATE, 0, 0x80000001, [0, 0, 0, 1])],
  ['6.9: the reserved bit of the increment', raw(WINDOW_UPDATE, 0, 0, [0x80, 0, 0, 1])],
  ['5.1: PRIORITY on an idle stream', priority(101, 1)],
  ['5.1: PRIORITY on a closed stream', priority(3, 1)],
  ['5.1: WINDOW_UPDATE on a stream that both sides ended', windowUpdate(3, 1)],
  ['5.1: RST_STREAM on a stream that both sides ended', reset(3, 8)],
  ['5.1: DATA on a stream that we reset', data(5, 'late')],
  ['5.1: trailers on a stream that we reset', headers(5, [['a', 'b']], { end: true })],
  ['5.1: RST_STREAM on a stream that we reset', reset(5, 8)],
  ['5.1: WINDOW_UPDATE on a stream that we reset', windowUpdate(5, 1)],
  ['6.7: an answer to no PING', raw(PING, 1, 0, Buffer.alloc(8))],
];

describe('connection errors, RFC 9113 5.4.1', () => {
  for (const [name, frames, code] of CONNECTION_ERRORS) {
    it(`${name} is a ${code}`, () => {
      const rig = busyServer();
      for (const frame of frames.slice(0, -1)) rig.send(frame);
      rig.events();
      rig.send(frames.at(-1)!);
      assert.deepEqual(rig.events(), [`failure ${code}`], 'the user hears of the failure only');
      assert.match(rig.written().at(-1)!, new RegExp(`^GOAWAY \\d+ ${code}$`), 'GOAWAY is the last word');
      assert.equal(rig.connection.failed, true);
    });
  }
});

describe('stream errors, RFC 9113 5.4.2', () => {
  for (const [name, frames, code] of STREAM_ERRORS) {
    it(`${name} is a ${code} of the stream`, () => {
      const rig = busyServer();
      rig.send(...frames);
      assert.deepEqual(rig.events(), [`reset 1 ${code} by us`, 'closed 1']);
      assert.deepEqual(rig.written(), [`RST_STREAM 1 ${code}`]);
      rig.send(ping());
      assert.deepEqual(rig.written(), ['PING ACK "12345678"'], 'the connection lives');
    });
  }
});

describe('what must be ignored, RFC 9113 4.1 and 5.1', () => {
  for (const [name, frame] of IGNORED) {
    it(name, () => {
      const rig = busyServer();
      rig.send(frame);
      assert.deepEqual(rig.events(), []);
      assert.deepEqual(rig.written(), []);
    });
  }

  it('5.1: DATA on a stream that both sides ended is answered with STREAM_CLOSED', () => {
    const rig = busyServer();
    rig.send(data(3, 'late'));
    assert.deepEqual(rig.written(), ['RST_STREAM 3 STREAM_CLOSED']);
    assert.deepEqual(rig.events(), [], 'its owner has gone');
  });

  it('6.8: GOAWAY from a client leaves its streams alone', () => {
    const rig = busyServer();
    rig.send(goaway(0, 0, 'bye'));
    assert.deepEqual(rig.events(), ['goaway 0 NO_ERROR bye']);
    assert.equal(rig.connection.activeStreams, 1);
    assert.equal(rig.connection.draining, true);
  });
});

describe('PING, RFC 9113 6.7', () => {
  it('is answered with the same eight octets', () => {
    const rig = Rig.ready('server');
    rig.send(ping('abcdefgh'));
    assert.deepEqual(rig.written(), ['PING ACK "abcdefgh"']);
  });

  it('is heard of when it was ours, once', () => {
    const rig = Rig.ready('client');
    rig.connection.ping();
    assert.deepEqual(rig.written(), ['PING "\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000"']);
    const answer = raw(PING, 1, 0, Buffer.alloc(8));
    rig.send(answer, answer);
    assert.deepEqual(rig.events(), ['pong']);
  });
});
