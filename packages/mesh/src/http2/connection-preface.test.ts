import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLIENT_PREFACE } from './frame.js';
import { ping, raw, settings, settingsAck } from './frames.test.support.js';
import { OK, REQUEST, Rig, fields } from './rig.test.support.js';

const preface = Buffer.from(CLIENT_PREFACE);

describe('connection preface, RFC 9113 3.4', () => {
  it('a server sends SETTINGS first, and opens the connection window', () => {
    const rig = new Rig('server');
    assert.deepEqual(rig.written(), ['SETTINGS 4=262144 6=65536 3=1000', 'WINDOW_UPDATE 0 +983041']);
  });

  it('a client sends the magic, then SETTINGS with push off', () => {
    const rig = new Rig('client');
    // The rig throws when the magic is not there.
    assert.deepEqual(rig.written(), ['SETTINGS 4=262144 6=65536 2=0', 'WINDOW_UPDATE 0 +983041']);
  });

  it('settings that are not the protocol’s initial ones are announced', () => {
    const rig = new Rig('server', {
      maxFrameBytes: 20_000,
      decoderTableBytes: 0,
      connectionWindowBytes: 65_535,
    });
    assert.deepEqual(
      rig.written(),
      ['SETTINGS 4=262144 6=65536 3=1000 5=20000 1=0'],
      'and no window to open',
    );
  });

  it('is acknowledged, and then the connection is established', () => {
    const rig = new Rig('server');
    rig.written();
    rig.send(preface);
    assert.equal(rig.connection.established, false, 'the magic alone is not the preface');
    rig.send(settings());
    assert.equal(rig.connection.established, true);
    assert.deepEqual(rig.written(), ['SETTINGS ACK']);
    assert.deepEqual(rig.events(), ['settings']);
    assert.equal(rig.connection.settingsAcknowledged, false);
    rig.send(settingsAck);
    assert.equal(rig.connection.settingsAcknowledged, true);
  });

  it('may come octet by octet', () => {
    const rig = new Rig('server');
    for (const octet of Buffer.concat([preface, settings()])) rig.send(Buffer.of(octet));
    assert.deepEqual(rig.events(), ['settings']);
  });

  for (const [what, bytes] of [
    ['HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a magic that ends wrongly', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r')],
  ] as const) {
    it(`a server refuses ${what}`, () => {
      const rig = new Rig('server');
      rig.written();
      rig.send(bytes);
      assert.deepEqual(rig.events(), ['failure PROTOCOL_ERROR']);
      assert.deepEqual(rig.written(), ['GOAWAY 0 PROTOCOL_ERROR']);
    });
  }

  for (const role of ['server', 'client'] as const) {
    for (const [what, first] of [
      ['PING', ping()],
      ['an acknowledgement', settingsAck],
      ['an unknown frame', raw(0x77, 0, 0)],
    ] as const) {
      it(`the first frame a ${role} gets must be SETTINGS, not ${what}`, () => {
        const rig = new Rig(role);
        rig.written();
        rig.send(role === 'server' ? preface : Buffer.alloc(0), first);
        assert.deepEqual(rig.events(), ['failure PROTOCOL_ERROR']);
        assert.deepEqual(rig.written(), ['GOAWAY 0 PROTOCOL_ERROR']);
      });
    }
  }

  it('a client may send requests before it has heard the server', () => {
    const rig = new Rig('client');
    rig.written();
    rig.connection.openStream(fields(...REQUEST), true, '');
    assert.deepEqual(rig.written(), ['HEADERS 1 END :method=POST :scheme=http :path=/a.B/C :authority=a:1']);
  });

  it('nothing is read and nothing but GOAWAY written after a failure', () => {
    const rig = Rig.ready('client');
    const stream = rig.open();
    rig.written();
    rig.send(raw(6, 0, 0, [1]), ping());
    rig.send(ping());
    rig.connection.sendHeaders(stream, OK, true);
    rig.connection.resetStream(stream, 8);
    rig.connection.goaway(0);
    rig.connection.ping();
    rig.connection.consume(stream, 1 << 20);
    rig.connection.consumeConnection(1 << 20);
    assert.equal(rig.connection.sendData(stream, Buffer.alloc(9), 0, 9, true, true), 9, 'data goes nowhere');
    assert.deepEqual(rig.written(), ['GOAWAY 0 FRAME_SIZE_ERROR']);
    assert.deepEqual(rig.events(), ['failure FRAME_SIZE_ERROR']);
    assert.equal(rig.connection.canOpen, false);
  });
});
