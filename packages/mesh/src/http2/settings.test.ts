import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headers, settings, settingsAck } from './frames.test.support.js';
import { OK, REQUEST, Rig, fields } from './rig.test.support.js';

describe('SETTINGS, RFC 9113 6.5', () => {
  it('all values of a frame are in force before it is acknowledged, in the order they come', () => {
    const rig = Rig.ready('client');
    rig.reactions = { onSettings: () => assert.equal(rig.connection.peer.maxConcurrentStreams, 5) };
    rig.send(settings([3, 9], [4, 1], [5, 20_000], [6, 100], [3, 5]));
    assert.deepEqual(rig.written(), ['SETTINGS ACK']);
    assert.deepEqual(rig.events(), ['settings']);
    const { initialWindowBytes, maxFrameBytes, maxHeaderListBytes } = rig.connection.peer;
    assert.deepEqual([initialWindowBytes, maxFrameBytes, maxHeaderListBytes], [1, 20_000, 100]);
  });

  it('unknown ones are ignored', () => {
    const rig = Rig.ready('client');
    rig.send(settings([0x99, 0xffffffff], [0, 1]));
    assert.deepEqual(rig.written(), ['SETTINGS ACK']);
  });

  it('the largest values are in range', () => {
    const rig = Rig.ready('server');
    rig.send(
      settings([1, 0xffffffff], [2, 1], [3, 0xffffffff], [4, 0x7fffffff], [5, 0xffffff], [6, 0xffffffff]),
    );
    assert.deepEqual(rig.written(), ['SETTINGS ACK']);
    rig.send(settings([2, 0], [5, 16_384]));
    assert.deepEqual(rig.written(), ['SETTINGS ACK']);
  });

  it('a server must not offer push, 6.5.2', () => {
    const rig = Rig.ready('client');
    rig.send(settings([2, 0]));
    assert.equal(rig.connection.failed, false);
    rig.send(settings([2, 1]));
    assert.deepEqual(rig.events(), ['settings', 'failure PROTOCOL_ERROR']);
  });

  it('nothing follows a failure inside SETTINGS', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST));
    rig.connection.sendHeaders(rig.stream(1), OK, false);
    rig.connection.sendData(rig.stream(1), Buffer.alloc(70_000), 0, 70_000, false, true);
    rig.written();
    rig.events();
    rig.send(settings([4, 100_000], [5, 1]));
    assert.deepEqual(rig.events(), ['failure PROTOCOL_ERROR'], 'neither onSettings nor onSendable');
    assert.deepEqual(rig.written(), ['GOAWAY 1 PROTOCOL_ERROR']);
  });

  it('the peer’s SETTINGS_HEADER_TABLE_SIZE rules our encoder, RFC 7541 4.2', () => {
    const rig = Rig.ready('server');
    const custom = fields([':status', '200'], ['x-custom', 'value']);
    const respond = (id: number): number => {
      rig.send(headers(id, REQUEST, { end: true }));
      rig.connection.sendHeaders(rig.stream(id), custom, true);
      return rig.frames().find(({ type }) => type === 1)!.payload.length;
    };
    for (const id of [1, 3, 5]) respond(id);
    assert.ok(respond(7) <= 3, 'indexed by now');
    rig.send(settings([1, 0]));
    // The rig's decoder would fail on an index of an entry that the size update evicted.
    assert.ok(respond(9) > 10, 'a table of no size has no entries');
    assert.ok(respond(11) > 10);
  });

  it('our own SETTINGS_HEADER_TABLE_SIZE is in force from its acknowledgement on', () => {
    const rig = new Rig('client', { decoderTableBytes: 0 });
    rig.written();
    rig.open(REQUEST, true);
    rig.open(REQUEST, true);
    // x: y with incremental indexing, then by index: allowed, since the server has not seen our settings.
    rig.send(settings(), headers(1, Buffer.from([0x88, 0x40, 1, 0x78, 1, 0x79, 0xbe]), { end: true }));
    assert.deepEqual(rig.events(), ['settings', 'headers 1 200 end', 'closed 1']);
    rig.send(settingsAck, headers(3, Buffer.from([0x88, 0xbe]), { end: true }));
    assert.deepEqual(
      rig.events(),
      ['failure COMPRESSION_ERROR'],
      'the block must begin with a size update now',
    );
  });
});
