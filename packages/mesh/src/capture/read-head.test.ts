import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { FakeSocket, turn } from './fake-socket.test.support.js';
import { readHead } from './read-head.js';

function reading(early: string) {
  const clock = new FakeClock();
  const socket = new FakeSocket();
  const found: { bytes: string; host: string | undefined }[] = [];
  readHead(socket, Buffer.from(early), clock, (bytes, host) => found.push({ bytes: bytes.toString(), host }));
  return { clock, socket, found };
}

describe('readHead', () => {
  it('finds the Host in what has come', () => {
    const head = 'GET / HTTP/1.1\r\nHOST:\ta.test \r\nx: host: b\r\n\r\nbody';
    const { clock, found } = reading(head);
    assert.deepEqual(found, [{ bytes: head, host: 'a.test' }]);
    assert.equal(clock.pendingTimers, 0);
  });

  it('waits for the end of the head, and gives back all of it', async () => {
    const { socket, found } = reading('GET / HTTP/1.1\r\n');
    for (const part of ['host: a.te', 'st\r\n', '\r', '\nmore']) {
      assert.deepEqual(found, []);
      socket.send(part);
      await turn();
    }
    assert.deepEqual(found, [{ bytes: 'GET / HTTP/1.1\r\nhost: a.test\r\n\r\nmore', host: 'a.test' }]);
    assert.ok(socket.isPaused());
  });

  it('waits neither for ever nor without end', async () => {
    const slow = reading('GET / HTTP/1.1\r\nhost: a');
    slow.clock.advance(10_000);
    assert.equal(slow.found[0]?.host, undefined);
    const long = reading('GET / HTTP/1.1\r\n');
    long.socket.send(`x: ${'y'.repeat(70_000)}`);
    await turn();
    assert.equal(long.found.length, 1);
  });
});
