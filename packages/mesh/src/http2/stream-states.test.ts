import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  data,
  goaway,
  headers,
  ping,
  reset,
  settings,
  settingsAck,
  windowUpdate,
} from './frames.test.support.js';
import { CLIENT_PREFACE } from './frame.js';
import { OK, REQUEST, Rig, TRAILERS } from './rig.test.support.js';

const CANCEL = 8;
const REMEMBERED = 128;
const trailers = [['a', 'b']] as const;

function endAll(rig: Rig, from: number, streams: number): number {
  let id = from;
  for (let count = 0; count < streams; count++, id += 2) {
    rig.send(headers(id, REQUEST, { end: true }));
    rig.connection.sendHeaders(rig.stream(id), OK, true);
  }
  rig.written();
  rig.events();
  return id;
}

describe('the life of a stream, RFC 9113 5.1', () => {
  it('ends when both sides have ended, request first', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST), data(1, 'x', { end: true }));
    rig.connection.sendHeaders(rig.stream(1), OK, false);
    assert.equal(rig.connection.activeStreams, 1);
    rig.connection.sendHeaders(rig.stream(1), TRAILERS, true);
    assert.equal(rig.connection.activeStreams, 0);
    assert.deepEqual(rig.events(), ['headers 1 POST /a.B/C', 'data 1 "x" end', 'closed 1']);
    assert.deepEqual(rig.written(), ['HEADERS 1 :status=200', 'HEADERS 1 END grpc-status=0']);
  });

  it('ends when both sides have ended, response first', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST));
    rig.connection.sendHeaders(rig.stream(1), OK, true);
    rig.send(data(1, 'x'), headers(1, trailers, { end: true }));
    assert.deepEqual(rig.events(), ['headers 1 POST /a.B/C', 'data 1 "x"', 'trailers 1 a=b', 'closed 1']);
  });

  it('half-closed by the peer: DATA and HEADERS are STREAM_CLOSED, the rest goes on', () => {
    for (const late of [data(1, 'x'), headers(1, trailers, { end: true })]) {
      const rig = Rig.ready('server');
      rig.send(headers(1, REQUEST, { end: true }), windowUpdate(1, 9));
      rig.events();
      rig.send(late);
      assert.deepEqual(rig.events(), ['reset 1 STREAM_CLOSED by us', 'closed 1']);
      assert.deepEqual(rig.written(), ['RST_STREAM 1 STREAM_CLOSED']);
    }
  });

  it('is over at once when the peer resets it, and its user hears the code', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST), reset(1, CANCEL));
    assert.deepEqual(rig.events(), ['headers 1 POST /a.B/C', 'reset 1 CANCEL by peer', 'closed 1']);
    assert.deepEqual(rig.written(), [], '5.4.2: no RST_STREAM in answer to RST_STREAM');
  });

  it('is over at once when its user resets it', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST));
    rig.connection.resetStream(rig.stream(1), CANCEL);
    rig.connection.resetStream(rig.stream(1), CANCEL);
    assert.deepEqual(rig.events(), ['headers 1 POST /a.B/C', 'closed 1'], 'by closed alone, and once');
    assert.deepEqual(rig.written(), ['RST_STREAM 1 CANCEL']);
  });
});

describe('a stream reset inside its own callback', () => {
  const cases: readonly (readonly [string, readonly Buffer[], readonly string[]])[] = [
    ['onHeaders', [headers(1, REQUEST)], ['headers 1 POST /a.B/C', 'closed 1']],
    ['onHeaders', [headers(1, REQUEST, { end: true })], ['headers 1 POST /a.B/C end', 'closed 1']],
    ['onData', [headers(1, REQUEST), data(1, 'x')], ['headers 1 POST /a.B/C', 'data 1 "x"', 'closed 1']],
    [
      'onData',
      [headers(1, REQUEST), data(1, 'x', { end: true })],
      ['headers 1 POST /a.B/C', 'data 1 "x" end', 'closed 1'],
    ],
    [
      'onTrailers',
      [headers(1, REQUEST), headers(1, trailers, { end: true })],
      ['headers 1 POST /a.B/C', 'trailers 1 a=b', 'closed 1'],
    ],
  ];
  for (const [callback, frames, events] of cases) {
    it(`${callback}, ${events.at(-2)}: it is closed once`, () => {
      const rig = Rig.ready('server');
      rig.reactions = { [callback]: () => rig.connection.resetStream(rig.stream(1), CANCEL) };
      rig.send(...frames);
      assert.deepEqual(rig.events(), events);
      assert.deepEqual(rig.written(), ['RST_STREAM 1 CANCEL']);
      assert.equal(rig.connection.activeStreams, 0);
    });
  }

  it('onReset and onClosed: nothing more is written or told', () => {
    const rig = Rig.ready('server');
    const again = (): void => rig.connection.resetStream(rig.stream(1), CANCEL);
    rig.reactions = { onReset: again, onClosed: again };
    rig.send(headers(1, REQUEST), windowUpdate(1, 0));
    assert.deepEqual(rig.events(), ['headers 1 POST /a.B/C', 'reset 1 PROTOCOL_ERROR by us', 'closed 1']);
    assert.deepEqual(rig.written(), ['RST_STREAM 1 PROTOCOL_ERROR']);
  });

  it('onReset: the user may let go of the whole connection', () => {
    const rig = Rig.ready('server');
    rig.reactions = { onReset: () => void rig.connection.abandonStreams() };
    rig.send(headers(1, REQUEST), headers(3, REQUEST), reset(1, CANCEL), ping());
    assert.deepEqual(rig.events().slice(2), ['reset 1 CANCEL by peer'], 'those who let go hear no more');
    assert.equal(rig.connection.activeStreams, 0);
  });

  it('onReset: a client may send the request again on the same connection', () => {
    const rig = Rig.ready('client');
    rig.open(REQUEST, true);
    rig.reactions = { onReset: () => void rig.open(REQUEST, true) };
    rig.send(reset(1, 7));
    assert.deepEqual(rig.events(), ['reset 1 REFUSED_STREAM by peer', 'closed 1']);
    assert.deepEqual(
      rig.written().map((text) => text.slice(0, 9)),
      ['HEADERS 1', 'HEADERS 3'],
    );
    assert.equal(rig.connection.activeStreams, 1);
  });
});

describe('late frames, RFC 9113 5.1', () => {
  it('trailers of a stream that we reset long ago are not held against the peer', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST));
    rig.connection.resetStream(rig.stream(1), CANCEL);
    endAll(rig, 3, REMEMBERED);
    rig.send(
      data(1, 'late'),
      windowUpdate(1, 1),
      headers(1, trailers, { end: true }),
      reset(1, CANCEL),
      ping(),
    );
    assert.deepEqual(rig.written(), ['PING ACK "12345678"']);
    assert.deepEqual(rig.events(), []);
  });

  it('a request on a stream closed long ago is an unexpected stream identifier', () => {
    const rig = Rig.ready('server');
    endAll(rig, 1, REMEMBERED + 2);
    rig.send(headers(1, REQUEST, { end: true }));
    assert.deepEqual(rig.events(), ['failure PROTOCOL_ERROR']);
  });

  it('so are trailers on a stream that was skipped, as long as every stream is remembered', () => {
    const rig = Rig.ready('server');
    endAll(rig, 3, 1);
    rig.send(headers(1, trailers, { end: true }));
    assert.deepEqual(rig.events(), ['failure PROTOCOL_ERROR']);
  });

  it('a late response is understood by the decoder, for the sake of the next', () => {
    const rig = Rig.ready('client');
    const first = rig.open(REQUEST, true);
    rig.open(REQUEST, true);
    rig.connection.resetStream(first, CANCEL);
    rig.written();
    // Literal with incremental indexing: x: y, then :status 200 and entry 62.
    rig.send(headers(1, Buffer.from([0x88, 0x40, 1, 0x78, 1, 0x79])));
    let value = '';
    rig.reactions = { onHeaders: (_, block) => (value = block.get('x') ?? '') };
    rig.send(headers(3, Buffer.from([0x88, 0xbe]), { end: true }));
    assert.equal(value, 'y');
    assert.deepEqual(rig.written(), []);
  });

  it('a server cannot open streams, however many have been closed', () => {
    for (const requests of [0, REMEMBERED + 1]) {
      const rig = Rig.ready('client');
      for (let count = 0; count < requests; count++) rig.connection.resetStream(rig.open(), CANCEL);
      rig.events();
      rig.send(headers(2, [[':status', '200']]));
      assert.deepEqual(rig.events(), ['failure PROTOCOL_ERROR']);
    }
  });

  it('a server cannot answer what was not asked', () => {
    const rig = Rig.ready('client');
    rig.open();
    rig.send(headers(3, [[':status', '200']]));
    assert.deepEqual(rig.events(), ['failure PROTOCOL_ERROR']);
  });
});

describe('limits on streams, RFC 9113 5.1.2', () => {
  it('requests over SETTINGS_MAX_CONCURRENT_STREAMS are refused, and go when there is room', () => {
    const rig = Rig.ready('server', { maxConcurrentStreams: 2 });
    rig.send(
      headers(1, REQUEST),
      headers(3, REQUEST),
      headers(5, REQUEST),
      data(5, 'x'),
      headers(5, trailers, { end: true }),
    );
    assert.deepEqual(rig.events(), ['headers 1 POST /a.B/C', 'headers 3 POST /a.B/C']);
    assert.deepEqual(rig.written(), ['RST_STREAM 5 REFUSED_STREAM']);
    assert.equal(rig.connection.refusedStreams, 1);
    rig.send(reset(1, CANCEL));
    rig.connection.resetStream(rig.stream(3), CANCEL);
    rig.send(headers(7, REQUEST), headers(9, REQUEST), headers(11, REQUEST));
    assert.equal(rig.connection.activeStreams, 2);
    assert.deepEqual(rig.written(), ['RST_STREAM 3 CANCEL', 'RST_STREAM 11 REFUSED_STREAM']);
  });

  it('refusals before the peer has seen our settings are not its fault', () => {
    const rig = new Rig('server', { maxConcurrentStreams: 1, provokedResetBurst: 1 });
    rig.send(Buffer.from(CLIENT_PREFACE), settings());
    for (let id = 1; id < 100; id += 2) rig.send(headers(id, REQUEST, { end: true }));
    assert.equal(rig.connection.failed, false);
    rig.send(settingsAck, headers(101, REQUEST), headers(103, REQUEST));
    assert.equal(rig.connection.limitHit, 'provokedResetBurst');
  });

  it('a client waits for room', () => {
    const rig = Rig.ready('client');
    rig.send(settings([3, 2]));
    const first = rig.open();
    assert.equal(rig.connection.canOpen, true);
    rig.open();
    assert.equal(rig.connection.canOpen, false);
    rig.connection.resetStream(first, CANCEL);
    assert.equal(rig.connection.canOpen, true);
    rig.send(settings([3, 0]));
    assert.equal(rig.connection.canOpen, false);
  });

  it('a client that has used up its ids opens no more, and drains, RFC 9113 5.1.1', () => {
    const rig = Rig.ready('client', { largestStreamId: 5 });
    rig.open(REQUEST, true);
    rig.open(REQUEST, true);
    assert.equal(rig.connection.draining, false);
    assert.equal(rig.open(REQUEST, true).id, 5);
    assert.equal(rig.connection.exhausted, true);
    assert.equal(rig.connection.canOpen, false);
    assert.equal(rig.connection.draining, true);
    rig.send(headers(5, [[':status', '200']], { end: true }));
    assert.deepEqual(rig.events(), ['headers 5 200 end', 'closed 5'], 'the last one is as good as any');
  });
});

describe('GOAWAY, RFC 9113 6.8', () => {
  it('of a server that ends with grace comes twice, and requests between the two are served', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST));
    rig.connection.announceGoaway();
    rig.send(headers(3, REQUEST));
    rig.connection.goaway(0);
    rig.connection.goaway(0);
    assert.deepEqual(rig.written(), ['GOAWAY 2147483647 NO_ERROR', 'GOAWAY 3 NO_ERROR']);
    assert.deepEqual(rig.events(), ['headers 1 POST /a.B/C', 'headers 3 POST /a.B/C']);
    assert.equal(rig.connection.draining, true);
  });

  it('requests after it are ignored with all that belongs to them, and the open ones go on', () => {
    const rig = Rig.ready('server', { connectionWindowBytes: 65_535 });
    rig.send(headers(1, REQUEST));
    rig.connection.goaway(0);
    rig.written();
    rig.events();
    rig.send(headers(3, REQUEST), data(3, Buffer.alloc(16_384)), windowUpdate(3, 9));
    rig.send(data(3, Buffer.alloc(16_384)), headers(3, trailers, { end: true }), reset(3, CANCEL));
    rig.send(headers(5, REQUEST, { end: true }), reset(5, CANCEL));
    assert.deepEqual(rig.events(), []);
    assert.deepEqual(
      rig.written(),
      ['WINDOW_UPDATE 0 +32768'],
      'their DATA counts in the connection’s window',
    );
    rig.send(data(1, 'x', { end: true }));
    rig.connection.sendHeaders(rig.stream(1), OK, true);
    assert.deepEqual(rig.events(), ['data 1 "x" end', 'closed 1']);
  });

  it('a stream that nobody opened is idle still', () => {
    const rig = Rig.ready('server');
    rig.connection.goaway(0);
    rig.send(data(9, 'x'));
    assert.deepEqual(rig.events(), ['failure PROTOCOL_ERROR']);
  });

  it('from the server: streams above its last were not processed, those below go on', () => {
    const rig = Rig.ready('client');
    for (let count = 0; count < 4; count++) rig.open(REQUEST, true);
    rig.written();
    rig.send(goaway(3, 0, 'restart'));
    assert.deepEqual(rig.events(), [
      'goaway 3 NO_ERROR restart',
      'reset 5 REFUSED_STREAM by peer',
      'closed 5',
      'reset 7 REFUSED_STREAM by peer',
      'closed 7',
    ]);
    assert.equal(rig.connection.canOpen, false);
    assert.deepEqual(rig.written(), [], 'no RST_STREAM for streams the server does not know');
    rig.send(headers(1, [[':status', '200']], { end: true }));
    assert.deepEqual(rig.events(), ['headers 1 200 end', 'closed 1']);
  });

  it('streams that the user resets as it hears of others are not given up twice', () => {
    const rig = Rig.ready('client');
    for (let count = 0; count < 3; count++) rig.open(REQUEST, true);
    rig.reactions = { onReset: () => rig.connection.resetStream(rig.stream(5), CANCEL) };
    rig.send(goaway(1, 0));
    assert.deepEqual(rig.events().slice(1), ['reset 3 REFUSED_STREAM by peer', 'closed 5', 'closed 3']);
  });

  it('from the server, twice: the first only stops new requests', () => {
    const rig = Rig.ready('client');
    rig.open(REQUEST, true);
    rig.open(REQUEST, true);
    rig.send(goaway(0x7fffffff, 0));
    assert.deepEqual(rig.events(), ['goaway 2147483647 NO_ERROR']);
    assert.equal(rig.connection.canOpen, false);
    rig.send(goaway(1, 0));
    assert.deepEqual(rig.events(), ['goaway 1 NO_ERROR', 'reset 3 REFUSED_STREAM by peer', 'closed 3']);
  });

  it('what the server sends on a stream that its GOAWAY gave up is ignored', () => {
    const rig = Rig.ready('client');
    rig.open(REQUEST, true);
    rig.send(goaway(0, 0), headers(1, [[':status', '200']]), data(1, 'x'), reset(1, 0), ping());
    assert.deepEqual(rig.events().slice(1), ['reset 1 REFUSED_STREAM by peer', 'closed 1']);
    assert.deepEqual(rig.written().at(-1), 'PING ACK "12345678"');
  });
});

describe('when the socket is gone', () => {
  it('streams that waited to send are not asked any more', () => {
    const rig = Rig.ready('client');
    const stream = rig.open();
    rig.connection.blockOutput(true);
    rig.connection.sendData(stream, Buffer.alloc(9), 0, 9, true, true);
    rig.connection.abandonStreams();
    rig.connection.blockOutput(false);
    assert.deepEqual(rig.events(), []);
  });

  it('the open streams are handed over, and the connection is dead', () => {
    const rig = Rig.ready('client');
    const sent = rig.open();
    rig.written();
    const unsent = rig.open();
    assert.equal(rig.connection.isUnsent(sent), false);
    assert.equal(rig.connection.isUnsent(unsent), true, 'its HEADERS never left');
    assert.deepEqual(rig.connection.abandonStreams(), [sent, unsent]);
    assert.equal(rig.connection.isUnsent(unsent), true);
    assert.equal(rig.connection.canOpen, false);
    assert.deepEqual(rig.connection.abandonStreams(), []);
    rig.connection.resetStream(sent, CANCEL);
    rig.connection.blockOutput(true);
    rig.connection.blockOutput(false);
    rig.send(ping());
    assert.deepEqual(rig.events(), []);
  });
});
