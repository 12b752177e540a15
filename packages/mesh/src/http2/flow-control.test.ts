import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { data, headers, reset, settings, windowUpdate } from './frames.test.support.js';
import { OK, REQUEST, Rig, TRAILERS, type Reactions, type Stream } from './rig.test.support.js';
import type { ConnectionOptions } from './options.js';

const SMALL = { streamWindowBytes: 65_536, connectionWindowBytes: 65_536 };
const INITIAL_WINDOW_SIZE = 4;

/** A server whose streams 1, 3, … have their response headers written. */
function serving(streams: number, options: Partial<ConnectionOptions> = {}, reactions: Reactions = {}): Rig {
  const rig = Rig.ready('server', options, reactions);
  for (let at = 0; at < streams; at++) {
    rig.send(headers(1 + 2 * at, REQUEST, { end: true }));
    rig.connection.sendHeaders(rig.stream(1 + 2 * at), OK, false);
  }
  rig.written();
  rig.events();
  return rig;
}

function sendBytes(rig: Rig, id: number, bytes: number, endStream = false): number {
  return rig.connection.sendData(rig.stream(id), Buffer.alloc(bytes), 0, bytes, endStream, true);
}

describe('DATA out, RFC 9113 6.9.1', () => {
  it('is cut at SETTINGS_MAX_FRAME_SIZE, END_STREAM on the last frame', () => {
    const rig = serving(1);
    assert.equal(sendBytes(rig, 1, 40_000, true), 40_000);
    assert.deepEqual(rig.written(), ['DATA 1 16384 bytes', 'DATA 1 16384 bytes', 'DATA 1 7232 bytes END']);
    assert.deepEqual(rig.events(), ['closed 1']);
  });

  it('stops at the stream’s window and goes on when it grows', () => {
    const rig = serving(1);
    rig.send(settings([INITIAL_WINDOW_SIZE, 100]));
    rig.written();
    rig.events();
    assert.equal(sendBytes(rig, 1, 250, true), 100);
    assert.deepEqual(rig.written(), ['DATA 1 100 bytes'], 'END_STREAM waits for the last byte');
    rig.send(windowUpdate(1, 1));
    assert.deepEqual(rig.events(), ['sendable 1']);
    assert.equal(sendBytes(rig, 1, 150, true), 1);
    rig.send(windowUpdate(1, 149));
    assert.equal(sendBytes(rig, 1, 149, true), 149);
    assert.deepEqual(rig.written(), ['DATA 1 "\0"', 'DATA 1 149 bytes END']);
  });

  it('stops at the connection’s window, whatever the stream’s', () => {
    const rig = serving(2);
    rig.send(settings([INITIAL_WINDOW_SIZE, 1 << 20]));
    assert.equal(sendBytes(rig, 1, 70_000), 65_535);
    assert.equal(sendBytes(rig, 3, 10), 0);
    rig.events();
    rig.send(windowUpdate(1, 1000));
    assert.deepEqual(rig.events(), [], 'the stream’s window does not help');
    rig.send(windowUpdate(0, 5));
    assert.deepEqual(rig.events(), ['sendable 1', 'sendable 3']);
  });

  it('of no bytes needs no window', () => {
    const rig = serving(1);
    rig.send(settings([INITIAL_WINDOW_SIZE, 0]));
    rig.written();
    assert.equal(sendBytes(rig, 1, 0, false), 0);
    assert.deepEqual(rig.written(), [], 'an empty frame that ends nothing is not sent');
    assert.equal(sendBytes(rig, 1, 0, true), 0);
    assert.deepEqual(rig.written(), ['DATA 1 "" END']);
  });

  it('trailers need no window', () => {
    const rig = serving(1);
    rig.send(settings([INITIAL_WINDOW_SIZE, 0]));
    rig.written();
    rig.connection.sendHeaders(rig.stream(1), TRAILERS, true);
    assert.deepEqual(rig.written(), ['HEADERS 1 END grpc-status=0']);
  });

  it('after the end of the stream goes nowhere', () => {
    const rig = serving(2);
    rig.connection.sendHeaders(rig.stream(1), TRAILERS, true);
    rig.send(reset(3, 8));
    rig.written();
    assert.equal(sendBytes(rig, 1, 9), 9);
    assert.equal(sendBytes(rig, 3, 9), 9);
    rig.connection.sendHeaders(rig.stream(3), TRAILERS, true);
    assert.deepEqual(rig.written(), []);
  });

  it('a window may become negative, and must be positive again before DATA goes, RFC 9113 6.9.2', () => {
    const rig = serving(1);
    sendBytes(rig, 1, 60_000);
    rig.send(settings([INITIAL_WINDOW_SIZE, 16_384]));
    assert.equal(rig.stream(1).sendWindow, 16_384 - 60_000);
    assert.equal(sendBytes(rig, 1, 10), 0);
    rig.written();
    rig.events();
    rig.send(windowUpdate(1, 60_000 - 16_384));
    assert.deepEqual(rig.events(), [], 'a window of 0 is not open');
    rig.send(windowUpdate(1, 1));
    assert.deepEqual(rig.events(), ['sendable 1']);
    assert.equal(sendBytes(rig, 1, 10), 1);
  });

  it('SETTINGS_INITIAL_WINDOW_SIZE opens the windows of streams that wait, RFC 9113 6.9.2', () => {
    const rig = serving(2);
    rig.send(settings([INITIAL_WINDOW_SIZE, 0]));
    sendBytes(rig, 1, 10);
    sendBytes(rig, 3, 10);
    rig.events();
    rig.send(settings([INITIAL_WINDOW_SIZE, 5]));
    assert.deepEqual(rig.events(), ['sendable 1', 'sendable 3', 'settings']);
    assert.equal(sendBytes(rig, 1, 10), 5);
  });

  it('a stream that another one resets meanwhile is not asked', () => {
    const rig = serving(2);
    rig.send(settings([INITIAL_WINDOW_SIZE, 0]));
    sendBytes(rig, 1, 10);
    sendBytes(rig, 3, 10);
    rig.events();
    rig.reactions = { onSendable: () => rig.connection.resetStream(rig.stream(3), 8) };
    rig.send(settings([INITIAL_WINDOW_SIZE, 5]));
    assert.deepEqual(rig.events(), ['sendable 1', 'closed 3', 'settings']);
  });

  it('SETTINGS_INITIAL_WINDOW_SIZE says nothing about the connection’s window', () => {
    const rig = serving(1);
    rig.send(settings([INITIAL_WINDOW_SIZE, 1 << 20]));
    assert.equal(sendBytes(rig, 1, 100_000), 65_535);
    rig.send(settings([INITIAL_WINDOW_SIZE, 2 << 20]));
    assert.equal(sendBytes(rig, 1, 1), 0);
  });
});

describe('who goes first when the connection’s window opens', () => {
  /** Three streams that want to send for ever, with the window used up. */
  function contending(): { rig: Rig; order: () => string[] } {
    const pump = (stream: Stream): void =>
      void rig.connection.sendData(stream, Buffer.alloc(100), 0, 100, false, true);
    const rig = serving(4, {}, { onSendable: pump });
    rig.send(settings([INITIAL_WINDOW_SIZE, 1 << 20]));
    sendBytes(rig, 7, 65_535);
    for (const id of [5, 1, 3]) pump(rig.stream(id));
    rig.written();
    rig.events();
    return { rig, order: () => rig.written() };
  }

  it('is who waited first', () => {
    const { rig, order } = contending();
    rig.send(windowUpdate(0, 300));
    assert.deepEqual(order(), ['DATA 5 100 bytes', 'DATA 1 100 bytes', 'DATA 3 100 bytes']);
  });

  it('who got only a part waits behind the others', () => {
    const { rig, order } = contending();
    rig.send(windowUpdate(0, 150));
    assert.deepEqual(order(), ['DATA 5 100 bytes', 'DATA 1 50 bytes']);
    rig.send(windowUpdate(0, 200));
    assert.deepEqual(order(), ['DATA 3 100 bytes', 'DATA 1 100 bytes']);
  });

  it('a stream that was reset waits no more', () => {
    const { rig, order } = contending();
    rig.send(reset(1, 8));
    rig.connection.resetStream(rig.stream(5), 8);
    rig.events();
    rig.send(windowUpdate(0, 300));
    assert.deepEqual(rig.events(), ['sendable 3']);
    assert.deepEqual(order(), ['RST_STREAM 5 CANCEL', 'DATA 3 100 bytes']);
  });

  it('a stream whose own window closed meanwhile waits for that', () => {
    const { rig, order } = contending();
    rig.send(settings([INITIAL_WINDOW_SIZE, 0]));
    order();
    rig.events();
    rig.send(windowUpdate(0, 300));
    assert.deepEqual(order(), [], 'none has a window of its own');
    rig.send(windowUpdate(1, 40));
    assert.deepEqual(order(), ['DATA 1 "' + '\0'.repeat(40) + '"']);
  });

  it('streams may reset each other while they are told', () => {
    const { rig, order } = contending();
    rig.reactions = {
      onSendable: (stream) => {
        if (stream.id === 5) rig.connection.resetStream(rig.stream(1), 8);
        rig.connection.resetStream(stream, 8);
      },
    };
    rig.send(windowUpdate(0, 300));
    assert.deepEqual(order(), ['RST_STREAM 1 CANCEL', 'RST_STREAM 5 CANCEL', 'RST_STREAM 3 CANCEL']);
    assert.deepEqual(rig.events(), ['sendable 5', 'closed 1', 'closed 5', 'sendable 3', 'closed 3']);
  });

  it('a stream that takes its turn and sends nothing does not hold up the others, nor for ever', () => {
    const { rig } = contending();
    rig.reactions = {};
    rig.send(windowUpdate(0, 300));
    assert.deepEqual(rig.events(), ['sendable 5', 'sendable 1', 'sendable 3']);
    rig.send(windowUpdate(0, 1));
    assert.deepEqual(rig.events(), [], 'nobody waits');
  });
});

describe('a socket that takes no more', () => {
  it('holds back DATA, and no other frame', () => {
    const rig = serving(1);
    rig.connection.blockOutput(true);
    assert.equal(sendBytes(rig, 1, 10), 0);
    rig.connection.ping();
    rig.connection.sendHeaders(rig.stream(1), TRAILERS, true);
    assert.deepEqual(
      rig.written().map((text) => text.split(' ')[0]),
      ['PING', 'HEADERS'],
    );
  });

  it('lets the streams go on in order when it drains', () => {
    const rig = serving(2);
    rig.connection.blockOutput(true);
    sendBytes(rig, 3, 10);
    sendBytes(rig, 1, 10);
    rig.send(windowUpdate(0, 10), windowUpdate(1, 10));
    assert.deepEqual(rig.events(), [], 'windows do not help');
    rig.connection.blockOutput(false);
    assert.deepEqual(rig.events(), ['sendable 3', 'sendable 1']);
  });

  it('a stream that waits for its own window is not asked', () => {
    const rig = serving(1);
    rig.send(settings([INITIAL_WINDOW_SIZE, 0]));
    rig.connection.blockOutput(true);
    sendBytes(rig, 1, 10);
    rig.events();
    rig.connection.blockOutput(false);
    assert.deepEqual(rig.events(), []);
    rig.connection.blockOutput(true);
    rig.send(windowUpdate(1, 5));
    assert.deepEqual(rig.events(), [], 'its window is open but the socket is not');
    rig.connection.blockOutput(false);
    assert.deepEqual(rig.events(), ['sendable 1']);
  });
});

describe('DATA in, RFC 9113 6.9', () => {
  it('beyond the stream’s window resets the stream and gives the connection’s window back', () => {
    const rig = Rig.ready('server', { ...SMALL, connectionWindowBytes: 100_000 });
    rig.send(headers(1, REQUEST));
    for (let frame = 0; frame < 4; frame++) rig.send(data(1, Buffer.alloc(16_384)));
    assert.equal(rig.stream(1).receiveWindow, 0);
    rig.events();
    rig.send(data(1, 'x'));
    assert.deepEqual(rig.events(), ['reset 1 FLOW_CONTROL_ERROR by us', 'closed 1']);
    assert.deepEqual(rig.written(), ['RST_STREAM 1 FLOW_CONTROL_ERROR']);
  });

  it('beyond the connection’s window ends the connection', () => {
    const rig = Rig.ready('server', SMALL);
    rig.send(headers(1, REQUEST), headers(3, REQUEST));
    for (let frame = 0; frame < 4; frame++) rig.send(data(1 + 2 * (frame % 2), Buffer.alloc(16_384)));
    rig.events();
    rig.send(data(3, 'x'));
    assert.deepEqual(rig.events(), ['failure FLOW_CONTROL_ERROR']);
  });

  it('of a length of 0 is taken with a window of 0', () => {
    const rig = Rig.ready('server', SMALL);
    rig.send(headers(1, REQUEST));
    for (let frame = 0; frame < 4; frame++) rig.send(data(1, Buffer.alloc(16_384)));
    rig.events();
    rig.send(data(1, '', { end: true }));
    assert.deepEqual(rig.events(), ['data 1 "" end']);
  });

  it('padding counts in both windows and is given back by the connection itself, RFC 9113 6.1', () => {
    const rig = Rig.ready('server', SMALL);
    rig.send(headers(1, REQUEST));
    // 255 octets of padding and its length, 256 times: the stream's window is all padding.
    for (let frame = 0; frame < 256; frame++) rig.send(data(1, '', { pad: 255 }));
    assert.deepEqual(
      rig.written(),
      Array.from({ length: 4 }, (_, at) => `WINDOW_UPDATE ${at % 2} +32768`),
    );
    assert.equal(rig.stream(1).receiveWindow, 65_536);
    rig.send(data(1, 'abc', { pad: 3 }));
    assert.equal(rig.stream(1).receiveWindow, 65_536 - 7);
    assert.equal(rig.events().at(-1), 'data 1 "abc"', 'without its padding');
  });

  it('credit goes back in steps of half a window', () => {
    const rig = Rig.ready('server', SMALL);
    rig.send(headers(1, REQUEST), data(1, Buffer.alloc(16_384)), data(1, Buffer.alloc(16_384)));
    rig.connection.consume(rig.stream(1), 32_767);
    rig.connection.consumeConnection(32_767);
    assert.deepEqual(rig.written(), []);
    rig.connection.consume(rig.stream(1), 1);
    rig.connection.consumeConnection(1);
    assert.deepEqual(rig.written(), ['WINDOW_UPDATE 1 +32768', 'WINDOW_UPDATE 0 +32768']);
    assert.equal(rig.stream(1).receiveWindow, 65_536);
  });

  it('no credit is wasted on a stream whose end has come', () => {
    const rig = Rig.ready('server', SMALL);
    rig.send(
      headers(1, REQUEST),
      data(1, Buffer.alloc(16_384)),
      data(1, Buffer.alloc(16_384), { end: true }),
    );
    rig.connection.consume(rig.stream(1), 32_768);
    rig.send(headers(3, REQUEST), data(3, Buffer.alloc(16_384)), data(3, Buffer.alloc(16_384)), reset(3, 8));
    rig.connection.consume(rig.stream(3), 32_768);
    assert.deepEqual(rig.written(), []);
  });

  it('that nobody will read gives the connection’s window back', () => {
    const rig = Rig.ready('server', SMALL);
    const full = data(1, Buffer.alloc(16_384));
    // Reset by us.
    rig.send(headers(1, REQUEST));
    rig.connection.resetStream(rig.stream(1), 8);
    rig.send(full, full);
    assert.deepEqual(rig.written(), ['RST_STREAM 1 CANCEL', 'WINDOW_UPDATE 0 +32768']);
    // After END_STREAM.
    rig.send(
      headers(3, REQUEST, { end: true }),
      data(3, Buffer.alloc(16_384)),
      data(3, Buffer.alloc(16_384)),
    );
    assert.deepEqual(rig.written(), ['RST_STREAM 3 STREAM_CLOSED', 'WINDOW_UPDATE 0 +32768']);
    // Against content-length.
    rig.send(
      headers(5, [...REQUEST, ['content-length', '1']]),
      data(5, Buffer.alloc(16_384)),
      data(5, Buffer.alloc(16_384)),
    );
    assert.deepEqual(rig.written(), ['RST_STREAM 5 PROTOCOL_ERROR', 'WINDOW_UPDATE 0 +32768']);
  });
});
