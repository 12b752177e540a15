import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { CLIENT_PREFACE } from '../http2/frame.js';
import { FakeSocket, turn } from './fake-socket.test.support.js';
import { sniff } from './sniff.js';

function sniffing(early = '') {
  const clock = new FakeClock();
  const socket = new FakeSocket();
  const found: { what: string; bytes: string }[] = [];
  sniff(socket, Buffer.from(early), clock, 5_000, (what, bytes) =>
    found.push({ what, bytes: bytes.toString('latin1') }),
  );
  return { clock, socket, found };
}

describe('the first bytes of a connection', () => {
  it('are HTTP/2 when they are its preface, and all of them are handed on', async () => {
    const { clock, socket, found } = sniffing();
    socket.send(`${CLIENT_PREFACE}more`);
    await turn();
    assert.deepEqual(found, [{ what: 'http2', bytes: `${CLIENT_PREFACE}more` }]);
    assert.ok(socket.isPaused());
    assert.equal(clock.pendingTimers, 0);
    assert.equal(socket.listenerCount('data') + socket.listenerCount('end'), 0);
  });

  it('may have come before', () => {
    assert.equal(sniffing(CLIENT_PREFACE).found[0]?.what, 'http2');
    assert.equal(sniffing('GET / HTTP/1.1\r\n').found[0]?.what, 'http1');
    assert.equal(sniffing('SSH-2.0-').found[0]?.what, 'other');
  });

  it('may come octet by octet', async () => {
    const { socket, found } = sniffing('P');
    for (const octet of CLIENT_PREFACE.slice(1)) {
      if (found.length > 0) break;
      socket.send(octet);
      await turn();
    }
    assert.equal(found[0]?.what, 'http2');
    assert.ok(CLIENT_PREFACE.startsWith(found[0]!.bytes));
  });

  for (const bytes of ['GET key\r\n', '\x16\x03\x01', 'PUX', 'PRX', '\0']) {
    it(`are something else: ${JSON.stringify(bytes)}`, async () => {
      const { socket, found } = sniffing();
      socket.send(bytes);
      await turn();
      assert.deepEqual(found, [{ what: 'other', bytes }]);
    });
  }

  it('are a request line of HTTP/1 as soon as it ends', async () => {
    const { socket, found } = sniffing();
    for (const part of ['PR', 'OPFIND /', ' HTTP/1.1', '\r\nhost']) {
      assert.deepEqual(found, []);
      socket.send(part);
      await turn();
    }
    assert.deepEqual(found, [{ what: 'http1', bytes: 'PROPFIND / HTTP/1.1\r\nhost' }]);
  });

  it('are awaited for a while, after which the server is taken to speak first', () => {
    const { clock, found } = sniffing();
    clock.advance(4_999);
    assert.deepEqual(found, []);
    clock.advance(1);
    assert.deepEqual(found, [{ what: 'silent', bytes: '' }]);
  });

  it('that only begin like the preface are something else after a while', async () => {
    const { clock, socket, found } = sniffing();
    socket.send('PR');
    await turn();
    clock.advance(5_000);
    assert.deepEqual(found, [{ what: 'other', bytes: 'PR' }]);
  });

  it('are not awaited from a caller that has said its last', async () => {
    const { socket, found } = sniffing();
    socket.sendEnd();
    await turn();
    assert.deepEqual(found, [{ what: 'silent', bytes: '' }]);
  });

  it('are of no interest when the connection is gone', async () => {
    const { clock, socket, found } = sniffing();
    socket.destroy();
    await turn();
    assert.equal(clock.pendingTimers, 0);
    assert.deepEqual(found, []);
  });
});
