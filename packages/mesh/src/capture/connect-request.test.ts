import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { acceptConnect, type ConnectRequest, readConnectRequest } from './connect-request.js';
import { FakeSocket, turn } from './fake-socket.test.support.js';

function reading() {
  const clock = new FakeClock();
  const socket = new FakeSocket();
  const found: ConnectRequest[] = [];
  readConnectRequest(socket, clock, (request) => found.push(request));
  return { clock, socket, found };
}

describe('a CONNECT request', () => {
  const targets: Record<string, [host: string, port: number]> = {
    'greeter:50051': ['greeter', 50051],
    '10.0.0.7:80': ['10.0.0.7', 80],
    '[::1]:65535': ['::1', 65535],
    'a.b-c_d.example:1': ['a.b-c_d.example', 1],
  };
  for (const [target, [host, port]] of Object.entries(targets)) {
    it(`to ${target} is understood`, async () => {
      const { clock, socket, found } = reading();
      socket.send(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\nuser-agent: grpc\r\n\r\n`);
      await turn();
      assert.deepEqual(found, [{ host, port, early: Buffer.alloc(0) }]);
      assert.ok(socket.isPaused());
      assert.equal(clock.pendingTimers, 0);
      acceptConnect(socket);
      assert.match(socket.received, /^HTTP\/1\.1 200 [^\r\n]+\r\n\r\n$/);
    });
  }

  it('may come octet by octet, and with bytes behind it that are kept', async () => {
    const { socket, found } = reading();
    for (const octet of 'CONNECT a:1 HTTP/1.0\r\n\r\n') {
      socket.send(octet);
      await turn();
    }
    assert.equal(found.length, 1);
    const other = reading();
    other.socket.send('CONNECT a:1 HTTP/1.1\r\n\r\nPRI * HTTP/2.0');
    await turn();
    assert.equal(other.found[0]?.early.toString(), 'PRI * HTTP/2.0');
  });

  const refused: Record<string, [sent: string, status: number, says: RegExp]> = {
    'another method': ['GET / HTTP/1.1\r\n', 405, /CONNECT only.*grpc_proxy=/s],
    TLS: ['\x16\x03\x01\x02\x00', 405, /CONNECT only/],
    'no port': ['CONNECT greeter HTTP/1.1\r\n\r\n', 400, /"CONNECT greeter HTTP\/1\.1"/],
    'port 0': ['CONNECT greeter:0 HTTP/1.1\r\n\r\n', 400, /host:port/],
    'a port too large': ['CONNECT greeter:65536 HTTP/1.1\r\n\r\n', 400, /host:port/],
    'a hexadecimal port': ['CONNECT greeter:0x50 HTTP/1.1\r\n\r\n', 400, /host:port/],
    'no host': ['CONNECT :80 HTTP/1.1\r\n\r\n', 400, /host:port/],
    'IPv6 without brackets': ['CONNECT ::1:80 HTTP/1.1\r\n\r\n', 400, /host:port/],
    'an endless head': [`CONNECT a:1 HTTP/1.1\r\nx: ${'y'.repeat(9000)}`, 431, /too long/],
  };
  for (const [what, [sent, status, says]] of Object.entries(refused)) {
    it(`is refused in words and closed: ${what}`, async () => {
      const { clock, socket, found } = reading();
      socket.send(sent);
      await turn();
      assert.match(socket.received, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.match(socket.received, says);
      const [head, body] = socket.received.split('\r\n\r\n');
      assert.ok(head!.includes(`content-length: ${Buffer.byteLength(body!)}`));
      assert.ok(socket.closedByUs);
      assert.ok(!socket.destroyed, 'the caller may read on');
      clock.advance(1000);
      assert.ok(socket.destroyed, 'but not for ever');
      assert.deepEqual(found, []);
      await turn();
      assert.equal(clock.pendingTimers, 0);
    });
  }

  it('is asked for in a GOAWAY when the caller begins with HTTP/2', async () => {
    const { socket } = reading();
    socket.send('P');
    await turn();
    assert.equal(socket.received, '', 'it may still be PUT');
    socket.send('RI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await turn();
    const frames = Buffer.from(socket.received, 'latin1');
    assert.deepEqual([...frames.subarray(0, 9)], [0, 0, 0, 4, 0, 0, 0, 0, 0], 'SETTINGS');
    assert.equal(frames[9 + 3], 7, 'GOAWAY');
    assert.equal(frames.readUIntBE(9, 3), frames.length - 18);
    assert.equal(frames.readUInt32BE(18), 0, 'no stream was processed');
    assert.equal(frames.readUInt32BE(22), 13, 'HTTP_1_1_REQUIRED');
    assert.match(frames.toString('latin1', 26), /takes HTTP CONNECT only/);
    assert.ok(socket.closedByUs);
  });

  it('that does not come in time is refused', async () => {
    const { clock, socket } = reading();
    socket.send('CONN');
    await turn();
    clock.advance(9_999);
    assert.equal(socket.received, '');
    clock.advance(1);
    await turn();
    assert.match(socket.received, /^HTTP\/1\.1 408 /);
  });

  it('that never comes because the caller closes leaves nothing behind', async () => {
    const { clock, socket, found } = reading();
    socket.sendEnd();
    await turn();
    assert.ok(socket.destroyed);
    await turn();
    assert.equal(clock.pendingTimers, 0);
    const cut = reading();
    cut.socket.destroy();
    await turn();
    assert.equal(cut.clock.pendingTimers, 0);
    assert.deepEqual([...found, ...cut.found], []);
  });
});
