import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  data,
  headers,
  ping,
  priority,
  raw,
  reset,
  settings,
  settingsAck,
  windowUpdate,
} from './frames.test.support.js';
import { goaway, type Fields } from './frames.test.support.js';
import { OK, REQUEST, Rig, TRAILERS } from './rig.test.support.js';
import type { ConnectionOptions } from './options.js';

const CANCEL = 8;

/** Sends `frame` until the connection fails; returns how many it took. Answers are read, unless `unread`. */
function flood(rig: Rig, frame: (count: number) => Buffer, unread = false): number {
  for (let count = 1; count <= 3_000; count++) {
    rig.send(frame(count));
    if (rig.connection.failed) return count;
    if (!unread) rig.written();
  }
  return Infinity;
}

function server(options: Partial<ConnectionOptions>): Rig {
  const rig = Rig.ready('server', options);
  rig.send(headers(1, REQUEST), headers(3, REQUEST, { end: true }));
  rig.connection.sendHeaders(rig.stream(3), OK, true);
  rig.connection.resetStream(rig.stream(1), CANCEL);
  rig.send(headers(5, REQUEST));
  rig.written();
  rig.events();
  return rig;
}

describe('frames that move nothing forward', () => {
  const floods: readonly (readonly [name: string, frame: Buffer])[] = [
    ['PING, CVE-2019-9512', ping()],
    ['SETTINGS, CVE-2019-9515', settings()],
    ['SETTINGS ACK', settingsAck],
    ['PRIORITY, CVE-2019-9513', priority(1, 3)],
    ['empty DATA, CVE-2019-9518', data(5, '')],
    ['DATA of padding only', data(5, '', { pad: 0 })],
    ['empty DATA on a closed stream', data(1, '')],
    ['unknown frames', raw(0x99, 0, 0)],
    ['answers to no PING', raw(6, 1, 0, Buffer.alloc(8))],
    ['trailers on a closed stream', headers(1, [['a', 'b']], { end: true })],
  ];
  for (const [name, frame] of floods) {
    it(`${name}: the burst is taken, one more ends the connection`, () => {
      const rig = server({ glitchBurst: 50, glitchesPerSecond: 10 });
      assert.equal(
        flood(rig, () => frame),
        51,
      );
      assert.equal(rig.connection.limitHit, 'glitchBurst');
      assert.equal(rig.events().at(-1), 'failure ENHANCE_YOUR_CALM');
      assert.match(rig.written().at(-1)!, /^GOAWAY 5 ENHANCE_YOUR_CALM$/);
    });
  }

  it('the rate goes on for ever', () => {
    const rig = server({ glitchBurst: 50, glitchesPerSecond: 10 });
    for (let second = 1; second < 100; second++) {
      rig.nowMs = second * 1000;
      for (let count = 0; count < 10; count++) rig.send(ping());
      rig.written();
    }
    assert.equal(rig.connection.failed, false);
  });

  it('GOAWAY may be repeated in reason', () => {
    const rig = server({ glitchBurst: 50, glitchesPerSecond: 10 });
    assert.equal(
      flood(rig, () => goaway(0, 0)),
      52,
      'the first is free',
    );
  });

  it('a server that sends 1xx without end is stopped', () => {
    const rig = Rig.ready('client', { glitchBurst: 50, glitchesPerSecond: 10 });
    rig.open();
    assert.equal(
      flood(rig, () => headers(1, [[':status', '100']])),
      51,
    );
  });

  it('DATA and requests are none', () => {
    const rig = server({ glitchBurst: 0 });
    for (let id = 7; id < 1000; id += 2) {
      rig.send(headers(id, REQUEST), data(id, 'x', { end: true }));
      rig.connection.consumeConnection(1);
      rig.connection.sendHeaders(rig.stream(id), OK, true);
    }
    assert.equal(rig.connection.failed, false);
  });
});

describe('window updates', () => {
  it('without any traffic to explain them are glitches', () => {
    const rig = Rig.ready('server', { glitchBurst: 10 });
    assert.equal(
      flood(rig, () => windowUpdate(0, 1)),
      5 + 10 + 1,
      'five are free',
    );
    assert.equal(rig.connection.limitHit, 'glitchBurst');
  });

  it('two are explained by each stream', () => {
    const rig = Rig.ready('server', { glitchBurst: 0 });
    rig.send(headers(1, REQUEST), headers(3, REQUEST));
    assert.equal(
      flood(rig, () => windowUpdate(1, 1)),
      5 + 4 + 1,
    );
  });

  it('twenty are explained by each DATA frame of ours', () => {
    const rig = Rig.ready('server', { glitchBurst: 0 });
    rig.send(headers(1, REQUEST));
    rig.connection.sendHeaders(rig.stream(1), OK, false);
    for (let frame = 0; frame < 3; frame++)
      rig.connection.sendData(rig.stream(1), Buffer.alloc(1), 0, 1, false, true);
    assert.equal(
      flood(rig, () => windowUpdate(1, 1)),
      5 + 2 + 60 + 1,
    );
  });
});

describe('resets', () => {
  it('of the peer: the burst is taken, one more ends the connection, CVE-2023-44487', () => {
    const rig = Rig.ready('server', { resetBurst: 20, resetsPerSecond: 5 });
    let id = -1;
    const attack = (): Buffer =>
      Buffer.concat([headers((id += 2), REQUEST, { end: true }), reset(id, CANCEL)]);
    assert.equal(flood(rig, attack), 21);
    assert.equal(rig.connection.limitHit, 'resetBurst');
    assert.equal(rig.events().at(-1), 'failure ENHANCE_YOUR_CALM');
  });

  it('of the peer come back with time', () => {
    const rig = Rig.ready('server', { resetBurst: 1, resetsPerSecond: 5 });
    for (let id = 1; id < 100; id += 2) {
      rig.nowMs += 200;
      rig.send(headers(id, REQUEST), reset(id, CANCEL));
    }
    assert.equal(rig.connection.failed, false);
  });

  it('of a server are the client’s own requests, and free', () => {
    const rig = Rig.ready('client', { resetBurst: 0 });
    rig.open();
    rig.send(reset(1, CANCEL));
    assert.equal(rig.connection.failed, false);
  });

  // MadeYouReset, CVE-2025-8671: each of these makes the server reset the stream.
  const primitives: readonly (readonly [name: string, frame: (id: number) => Buffer])[] = [
    ['WINDOW_UPDATE of 0', (id) => windowUpdate(id, 0)],
    ['WINDOW_UPDATE that overflows', (id) => windowUpdate(id, 0x7fffffff)],
    ['PRIORITY of 4 octets', (id) => raw(2, 0, id, [0, 0, 0, 0])],
    ['PRIORITY on itself', (id) => priority(id, id)],
    ['HEADERS after END_STREAM', (id) => headers(id, [['a', 'b']], { end: true })],
    ['DATA after END_STREAM', (id) => data(id, 'x')],
  ];
  for (const [name, frame] of primitives) {
    it(`provoked by ${name}: the burst is taken, one more ends the connection, CVE-2025-8671`, () => {
      const rig = Rig.ready('server', { provokedResetBurst: 20 });
      let id = -1;
      const attack = (): Buffer => Buffer.concat([headers((id += 2), REQUEST, { end: true }), frame(id)]);
      assert.equal(flood(rig, attack), 21);
      assert.equal(rig.connection.limitHit, 'provokedResetBurst');
    });
  }

  it('provoked by malformed requests, and by DATA on closed streams', () => {
    const malformed: Fields = [[':method', 'GET']];
    const rig = Rig.ready('server', { provokedResetBurst: 20 });
    assert.equal(
      flood(rig, (count) => headers(2 * count - 1, malformed, { end: true })),
      21,
    );
    const other = server({ provokedResetBurst: 20 });
    assert.equal(
      flood(other, () => data(3, 'x')),
      21,
    );
    assert.equal(other.connection.limitHit, 'provokedResetBurst');
  });
});

describe('answers and frames that wait to be read', () => {
  it('answers to the frames of one turn are limited, CVE-2019-9512', () => {
    const rig = Rig.ready('server', { maxQueuedControlFrames: 10 });
    assert.equal(
      flood(rig, () => ping(), true),
      11,
    );
    assert.equal(rig.connection.limitHit, 'maxQueuedControlFrames');
  });

  it('the count begins anew when a ready socket takes them', () => {
    const rig = Rig.ready('server', { maxQueuedControlFrames: 10 });
    for (let count = 0; count < 30; count++) {
      rig.send(settings());
      if (count % 10 === 9) rig.written();
    }
    assert.equal(rig.connection.failed, false);
  });

  it('and not when a blocked one does: they lie in its buffer then', () => {
    const rig = Rig.ready('server', { maxQueuedControlFrames: 10 });
    rig.connection.blockOutput(true);
    assert.equal(
      flood(rig, () => ping()),
      11,
    );
    const drained = Rig.ready('server', { maxQueuedControlFrames: 10 });
    for (let count = 0; count < 30; count++) {
      drained.connection.blockOutput(true);
      drained.send(ping());
      drained.written();
      drained.connection.blockOutput(false);
    }
    assert.equal(drained.connection.failed, false);
  });

  it('refusals count as answers', () => {
    const rig = Rig.ready('server', { maxQueuedControlFrames: 10, maxConcurrentStreams: 0 });
    assert.equal(
      flood(rig, (count) => headers(2 * count - 1, REQUEST), true),
      11,
    );
  });

  it('whole responses to a client that does not read are limited, CVE-2019-9517', () => {
    const rig = Rig.ready('server', { maxQueuedFrames: 10 });
    rig.reactions = {
      onHeaders: (stream) => {
        rig.connection.sendHeaders(stream, OK, false);
        rig.connection.sendHeaders(stream, TRAILERS, true);
      },
    };
    const request = (count: number): Buffer => headers(2 * count - 1, REQUEST, { end: true });
    rig.connection.blockOutput(true);
    assert.equal(flood(rig, request), 6);
    assert.equal(rig.connection.limitHit, 'maxQueuedFrames');
  });

  it('the count begins anew when it has read them', () => {
    const rig = Rig.ready('server', { maxQueuedFrames: 10 });
    for (let id = 1; id < 100; id += 2) {
      rig.connection.blockOutput(true);
      rig.send(headers(id, REQUEST, { end: true }));
      rig.connection.sendHeaders(rig.stream(id), OK, true);
      rig.connection.blockOutput(false);
    }
    assert.equal(rig.connection.failed, false);
  });

  it('they are not while it reads', () => {
    const rig = Rig.ready('server', { maxQueuedFrames: 10 });
    rig.reactions = { onHeaders: (stream) => rig.connection.sendHeaders(stream, OK, true) };
    assert.equal(
      flood(rig, (count) => headers(2 * count - 1, REQUEST, { end: true }), true),
      Infinity,
    );
  });

  it('requests and cancellations to a server that does not read are limited', () => {
    const rig = Rig.ready('client', { maxQueuedFrames: 10 });
    rig.connection.blockOutput(true);
    let opened = 0;
    for (; rig.connection.canOpen; opened++) rig.connection.resetStream(rig.open(), CANCEL);
    assert.equal(opened, 6);
    assert.equal(rig.events().at(-1), 'failure ENHANCE_YOUR_CALM');
  });
});

describe('one frame that is too much by itself', () => {
  it('SETTINGS may have as many entries as the limit says', () => {
    const entries = (count: number): Buffer =>
      settings(...Array.from({ length: count }, () => [9, 0] as const));
    const rig = Rig.ready('server', { maxSettingsEntries: 4 });
    rig.send(entries(4));
    assert.deepEqual(rig.written(), ['SETTINGS ACK']);
    rig.send(entries(5));
    assert.equal(rig.connection.limitHit, 'maxSettingsEntries');
    assert.deepEqual(rig.written(), ['GOAWAY 0 ENHANCE_YOUR_CALM']);
  });

  it('no limit is named when none was passed', () => {
    const rig = Rig.ready('server');
    rig.send(data(0, 'x'));
    assert.equal(rig.connection.failed, true);
    assert.equal(rig.connection.limitHit, undefined);
  });
});
