import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { block, continuation, data, headers, ping, settings, type Fields } from './frames.test.support.js';
import { OK, REQUEST, Rig, TRAILERS, fields } from './rig.test.support.js';

const request = block(REQUEST);
const HEARD = ['headers 1 POST /a.B/C'];

/** HEADERS and CONTINUATION frames with one piece of the block each. */
function pieces(id: number, whole: Buffer, cuts: readonly number[]): Buffer[] {
  const bounds = [0, ...cuts, whole.length];
  return bounds.slice(1).map((end, at) => {
    const fragment = whole.subarray(bounds[at], end);
    const last = at === bounds.length - 2;
    return at === 0 ? headers(id, fragment, { endHeaders: last }) : continuation(id, fragment, last);
  });
}

describe('header blocks in pieces, RFC 9113 6.10', () => {
  it('a block may be cut anywhere, even within a field or before its first octet', () => {
    for (let cut = 0; cut <= request.length; cut++) {
      const rig = Rig.ready('server');
      rig.send(...pieces(1, request, [cut]));
      assert.deepEqual(rig.events(), HEARD, `cut at ${cut}`);
    }
  });

  it('the frames may come in reads of their own, whose buffers are reused', () => {
    const rig = Rig.ready('server');
    for (const piece of pieces(1, request, [3, 9, 20])) {
      rig.connection.receive(piece);
      piece.fill(0xff);
    }
    assert.deepEqual(rig.events(), HEARD);
  });

  it('END_STREAM of HEADERS counts, whatever CONTINUATION says', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, request.subarray(0, 5), { endHeaders: false, end: true }));
    rig.send(continuation(1, request.subarray(5), true));
    assert.deepEqual(rig.events(), ['headers 1 POST /a.B/C end']);
  });

  it('padding and priority belong to the HEADERS frame', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, request.subarray(0, 5), { endHeaders: false, pad: 7, dependency: 3 }));
    rig.send(continuation(1, request.subarray(5), true));
    assert.deepEqual(rig.events(), HEARD);
  });

  it('trailers can be continued too', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST));
    const trailers = block([['a', 'b']]);
    rig.send(headers(1, trailers.subarray(0, 2), { endHeaders: false, end: true }));
    rig.send(continuation(1, trailers.subarray(2), true));
    assert.deepEqual(rig.events(), [...HEARD, 'trailers 1 a=b']);
  });

  it('as many CONTINUATION frames as the limit says are taken, and one more ends the connection', () => {
    const cuts = (frames: number): number[] => Array.from({ length: frames }, (_, at) => at + 1);
    const good = Rig.ready('server', { maxContinuationFrames: 4 });
    good.send(...pieces(1, request, cuts(4)));
    assert.deepEqual(good.events(), HEARD);
    const bad = Rig.ready('server', { maxContinuationFrames: 4 });
    bad.send(...pieces(1, request, cuts(5)));
    assert.deepEqual(bad.events(), ['failure ENHANCE_YOUR_CALM']);
    assert.equal(bad.connection.limitHit, 'maxContinuationFrames');
  });

  it('empty CONTINUATION frames without end are such a flood', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, request, { endHeaders: false }));
    for (let count = 0; count < 100; count++) rig.send(continuation(1, Buffer.alloc(0), false));
    assert.deepEqual(rig.events(), ['failure ENHANCE_YOUR_CALM']);
    assert.deepEqual(rig.written(), ['GOAWAY 0 ENHANCE_YOUR_CALM']);
  });

  it('a block longer than the header list may be ends the connection before it is complete', () => {
    const rig = Rig.ready('server', { maxHeaderListBytes: 20_000 });
    rig.send(headers(1, Buffer.alloc(16_000), { endHeaders: false }));
    assert.deepEqual(rig.events(), []);
    rig.send(continuation(1, Buffer.alloc(4_001), false));
    assert.deepEqual(rig.events(), ['failure ENHANCE_YOUR_CALM']);
    assert.equal(rig.connection.limitHit, 'maxHeaderListBytes');
  });
});

describe('header lists over the limit, RFC 9113 10.5.1', () => {
  const large: Fields = [...REQUEST, ['x', 'y'.repeat(2_000)]];
  const options = { maxHeaderListBytes: 1_000 };

  it('a request is handed over without its fields, for the user to answer', () => {
    const rig = Rig.ready('server', options);
    rig.send(headers(1, large, { end: true }));
    assert.deepEqual(rig.events(), ['too large 1 end']);
    rig.connection.sendHeaders(rig.stream(1), OK, true);
    assert.deepEqual(rig.written(), ['HEADERS 1 END :status=200']);
    assert.deepEqual(rig.events(), ['closed 1']);
  });

  it('so is one with too many fields', () => {
    const rig = Rig.ready('server', { maxHeaderFields: 4 });
    rig.send(headers(1, [...REQUEST, ['a', 'b']]));
    assert.deepEqual(rig.events(), ['too large 1']);
  });

  it('what follows on the stream after its reset is dropped, and its window given back', () => {
    const rig = Rig.ready('server', { ...options, connectionWindowBytes: 65_536 });
    rig.reactions = { onHeaderListTooLarge: (stream) => rig.connection.resetStream(stream, 11) };
    rig.send(headers(1, large), data(1, Buffer.alloc(16_384)), data(1, Buffer.alloc(16_384), { end: true }));
    assert.deepEqual(rig.events(), ['too large 1', 'closed 1']);
    assert.deepEqual(rig.written(), ['RST_STREAM 1 ENHANCE_YOUR_CALM', 'WINDOW_UPDATE 0 +32768']);
  });

  it('the tables stay in step: later requests are understood', () => {
    const rig = Rig.ready('server', options);
    // Literal with incremental indexing (RFC 7541 6.2.1), then the same field by its index.
    const indexed = Buffer.concat([Buffer.of(0x40), block([['x-new', 'value']]).subarray(1)]);
    rig.send(headers(1, Buffer.concat([block(large), indexed])));
    let heard = '';
    rig.reactions = {
      onHeaders: (_, { fields: list }) => (heard = `${list.at(-1)!.name}=${list.at(-1)!.value}`),
    };
    rig.send(headers(3, Buffer.concat([request, Buffer.of(0x80 | 62)])));
    assert.equal(heard, 'x-new=value');
  });

  it('a response too large is the client’s to reset', () => {
    const rig = Rig.ready('client', options, {
      onHeaderListTooLarge: (stream) => rig.connection.resetStream(stream, 8),
    });
    rig.open(REQUEST, true);
    rig.written();
    rig.send(
      headers(
        1,
        [
          [':status', '200'],
          ['x', 'y'.repeat(2_000)],
        ],
        { end: true },
      ),
    );
    assert.deepEqual(rig.events(), ['too large 1 end', 'closed 1']);
    assert.deepEqual(rig.written(), ['RST_STREAM 1 CANCEL']);
  });
});

describe('long header blocks of ours, RFC 9113 4.3', () => {
  const long = fields(
    [':status', '200'],
    ...Array.from({ length: 5 }, (_, at) => [`x${at}`, 'y'.repeat(8_000)] as const),
  );

  it('are cut at the peer’s SETTINGS_MAX_FRAME_SIZE', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST, { end: true }));
    rig.connection.sendHeaders(rig.stream(1), long, true);
    const frames = rig.frames();
    assert.deepEqual(
      frames.map(({ text }) => text.split(' ').slice(0, 3).join(' ')),
      ['HEADERS 1 END', 'CONTINUATION 1 …', 'CONTINUATION 1 :status=200'],
    );
    assert.deepEqual(
      frames.map(({ payload }) => payload.length <= 16_384),
      [true, true, true],
    );
  });

  it('are not interrupted by other frames, and those after them are whole', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST, { end: true }), headers(3, REQUEST, { end: true }));
    rig.connection.sendHeaders(rig.stream(1), long, false);
    rig.send(ping());
    rig.connection.sendHeaders(rig.stream(3), OK, true);
    rig.connection.sendHeaders(rig.stream(1), TRAILERS, true);
    assert.deepEqual(
      rig.written().map((text) => text.slice(0, 18)),
      [
        'HEADERS 1 …',
        'CONTINUATION 1 …',
        'CONTINUATION 1 :st',
        'PING ACK "12345678',
        'HEADERS 3 END :sta',
        'HEADERS 1 END grpc',
      ],
    );
  });

  it('are not cut when the peer takes larger frames', () => {
    const rig = Rig.ready('server');
    rig.send(settings([5, 100_000]), headers(1, REQUEST, { end: true }));
    rig.written();
    rig.connection.sendHeaders(rig.stream(1), long, true);
    assert.equal(rig.frames().length, 1);
  });
});
