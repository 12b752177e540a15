import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENHANCE_YOUR_CALM, PROTOCOL_ERROR, SETTINGS_TIMEOUT } from '../../http2/error-code.js';
import { Http2Stream } from '../../http2/stream.js';
import { ConnectionWatch } from './connection-watch.js';
import { DEFAULT_RELAY_OPTIONS, type RelayOptions } from './relay-options.js';

function setUp(over: Partial<RelayOptions> = {}) {
  const streams = new Map<number, Http2Stream<undefined>>();
  const ends: string[] = [];
  const connection = {
    failed: false,
    established: true,
    settingsAcknowledged: true,
    unfinished: 0,
    openStreams: () => streams.values(),
    abort(errorCode: number, message: string) {
      connection.failed = true;
      ends.push(`${errorCode} ${message}`);
    },
  };
  const events = {
    idleTimeoutMs: () => undefined,
    onConnectionOverdue: (delay: string) => void ends.push(delay),
    onStreamOverdue(stream: Http2Stream<undefined>, delay: string) {
      ends.push(`${stream.id} ${delay}`);
      streams.delete(stream.id);
    },
  };
  const open = (id: number): Http2Stream<undefined> => {
    const stream = new Http2Stream<undefined>(id, 65_535, 65_535);
    streams.set(id, stream);
    return stream;
  };
  const options = {
    ...DEFAULT_RELAY_OPTIONS,
    streamIdleTimeoutMs: 300_000,
    windowStallTimeoutMs: 30_000,
    ...over,
  };
  const watch = new ConnectionWatch(connection, options, events, 0);
  /** Looks every second up to that time, as the patrol does. */
  let nowMs = 0;
  const lookUntil = (untilMs: number, each: () => void = () => {}): void => {
    for (; nowMs < untilMs; each()) watch.look((nowMs += 1_000));
  };
  return { connection, ends, open, lookUntil };
}

test('a connection without a preface is ended after 10 seconds', () => {
  const { connection, ends, lookUntil } = setUp();
  connection.established = false;
  lookUntil(9_000);
  assert.deepEqual(ends, []);
  lookUntil(20_000);
  assert.deepEqual(ends, [
    'prefaceTimeoutMs',
    `${PROTOCOL_ERROR} the connection preface was not complete within 10000 ms`,
  ]);
});

test('a connection that does not acknowledge SETTINGS is ended after 10 seconds', () => {
  const { connection, ends, lookUntil } = setUp();
  connection.settingsAcknowledged = false;
  lookUntil(20_000);
  assert.deepEqual(ends, [
    'settingsAckTimeoutMs',
    `${SETTINGS_TIMEOUT} SETTINGS were not acknowledged within 10000 ms`,
  ]);
});

test('a frame that stays unfinished for 10 seconds ends the connection', () => {
  const { connection, ends, lookUntil } = setUp();
  lookUntil(5_000);
  connection.unfinished = 3;
  lookUntil(15_000);
  assert.deepEqual(ends, []);
  lookUntil(20_000);
  assert.deepEqual(ends, [
    'frameTimeoutMs',
    `${ENHANCE_YOUR_CALM} a frame or header block was not complete within 10000 ms`,
  ]);
});

test('frames that are unfinished one after the other end nothing', () => {
  const { connection, ends, lookUntil } = setUp();
  lookUntil(60_000, () => connection.unfinished++);
  assert.deepEqual(ends, []);
});

test('a stream is overdue when nothing has moved for 5 minutes, the others are not', () => {
  const { ends, open, lookUntil } = setUp();
  open(1);
  const busy = open(3);
  lookUntil(400_000, () => busy.receivedCount++);
  assert.deepEqual(ends, ['1 streamIdleTimeoutMs']);
});

test('a stream whose receiver takes less than 16 KiB in 30 seconds is overdue', () => {
  const { ends, open, lookUntil } = setUp();
  const dripping = open(1);
  const slow = open(3);
  dripping.waiting = 1;
  slow.waiting = 1;
  lookUntil(200_000, () => {
    dripping.sentCount += 500;
    slow.sentCount += 600;
  });
  assert.deepEqual(ends, ['1 windowStallTimeoutMs']);
});

test('a timeout of 0 is never over', () => {
  const { ends, open, lookUntil } = setUp({ streamIdleTimeoutMs: 0, windowStallTimeoutMs: 0 });
  open(1);
  open(3).waiting = 1;
  lookUntil(3_600_000);
  assert.deepEqual(ends, []);
});
