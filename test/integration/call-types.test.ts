import { Metadata, status as Status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { callOptions, callUnary, collect, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import type { EchoRequest, ReceivedEchoReply } from '../support/echo-service.js';
import { startMesh, type Mesh } from '../support/mesh.js';

const MiB = 1024 * 1024;

describe('calls through the sidecar', () => {
  let server: EchoServer;
  let mesh: Mesh;
  let client: EchoClient;

  before(async () => {
    server = await startEchoServer({ name: 'pod-1' });
    mesh = await startMesh([server]);
    client = mesh.client();
  });
  after(async () => {
    await mesh.close();
    server.destroy();
  });

  /** Sends all of `requests` on a client stream and returns the one reply. */
  const sendAll = (requests: Iterable<EchoRequest>): Promise<ReceivedEchoReply> =>
    new Promise((resolve, reject) => {
      const call = client.ClientStream(new Metadata(), callOptions(), (error, reply) => {
        if (error !== null) reject(error);
        else if (reply !== undefined) resolve(reply);
      });
      for (const request of requests) call.write(request);
      call.end();
    });

  it('carries a unary call', async () => {
    const { reply, status } = await callUnary(client, { payload: Buffer.from('hello') });
    assert.equal(reply.payload.toString(), 'hello');
    assert.equal(reply.server, 'pod-1');
    assert.equal(status.code, Status.OK);
  });

  it('carries an empty message', async () => {
    const { reply } = await callUnary(client, {});
    assert.equal(reply.payload.length, 0);
  });

  it('carries a client stream', async () => {
    const requests = Array.from({ length: 100 }, (_, index) => ({ payload: Buffer.alloc(index) }));
    const reply = await sendAll(requests);
    assert.equal(reply.receivedCount, 100);
    assert.equal(reply.receivedBytes, 4950);
  });

  it('carries a client stream without a message', async () => {
    assert.equal((await sendAll([])).receivedCount, 0);
  });

  it('carries a server stream in order', async () => {
    const call = client.ServerStream(
      { payload: Buffer.from('tick'), replyCount: 500 },
      new Metadata(),
      callOptions(),
    );
    const replies = await collect(call);
    assert.equal(replies.length, 500);
    assert.ok(replies.every(({ payload }) => payload.toString() === 'tick'));
  });

  it('carries a bidirectional stream message by message, each answered before the next is sent', async () => {
    const call = client.Bidi(new Metadata(), callOptions());
    for (let turn = 0; turn < 50; turn++) {
      call.write({ payload: Buffer.from(`turn ${turn}`) });
      const [reply] = (await once(call, 'data')) as [ReceivedEchoReply];
      assert.equal(reply.payload.toString(), `turn ${turn}`);
    }
    call.end();
    await once(call, 'end');
  });

  it('carries a message of 16 MiB up', async () => {
    const reply = await sendAll([{ payload: Buffer.alloc(16 * MiB, 'u') }]);
    assert.equal(reply.receivedBytes, 16 * MiB);
  });

  it('carries a message of 16 MiB down', async () => {
    const { reply } = await callUnary(client, { replyBytes: 16 * MiB });
    assert.equal(reply.payload.length, 16 * MiB);
    assert.ok(reply.payload.equals(Buffer.alloc(16 * MiB, 'w')));
  });

  it('carries a message of 16 MiB there and back with every byte in its place', async () => {
    const payload = Buffer.alloc(16 * MiB);
    for (let offset = 0; offset < payload.length; offset += 4) payload.writeUInt32LE(offset, offset);
    const { reply } = await callUnary(client, { payload });
    assert.ok(reply.payload.equals(payload));
  });

  it('carries calls of a client that compresses', async () => {
    const gzip = mesh.client({ 'grpc.default_compression_algorithm': 2 });
    const payload = Buffer.alloc(256 * 1024, 'compressible ');
    const { reply } = await callUnary(gzip, { payload });
    assert.ok(reply.payload.equals(payload));
  });

  describe('metadata', () => {
    it('goes up and comes back in headers and trailers, text and binary', async () => {
      const metadata = new Metadata();
      metadata.add('x-echo-text', 'a value, with a comma');
      metadata.add('x-echo-many', 'one');
      metadata.add('x-echo-many', 'two');
      metadata.add('x-echo-raw-bin', Buffer.from([0, 1, 2, 0xfe, 0xff]));
      metadata.add('x-trail-text', 'at the end');
      metadata.add('x-trail-raw-bin', Buffer.from([0xff, 0, 0x80]));
      const { headers, status } = await callUnary(client, {}, { metadata });
      assert.deepEqual(headers.get('x-echo-text'), ['a value, with a comma']);
      // HTTP may join the values of one name with a comma; both forms say the same.
      assert.deepEqual(headers.get('x-echo-many').join(',').replaceAll(', ', ','), 'one,two');
      assert.deepEqual(headers.get('x-echo-raw-bin'), [Buffer.from([0, 1, 2, 0xfe, 0xff])]);
      assert.deepEqual(status.metadata.get('x-trail-text'), ['at the end']);
      assert.deepEqual(status.metadata.get('x-trail-raw-bin'), [Buffer.from([0xff, 0, 0x80])]);
    });

    it('of several kilobytes passes', async () => {
      const metadata = new Metadata();
      const value = 'v'.repeat(6000);
      metadata.add('x-echo-large', value);
      const { headers } = await callUnary(client, {}, { metadata });
      assert.deepEqual(headers.get('x-echo-large'), [value]);
    });
  });

  describe('errors of the server', () => {
    const codes = Object.values(Status).filter(
      (code): code is Status => typeof code === 'number' && code > 0,
    );
    for (const code of codes) {
      it(`arrive with their code and message: ${Status[code]}`, async () => {
        const failing = callUnary(client, { statusCode: code, statusMessage: `for ${code}` });
        await assert.rejects(failing, { code, details: `for ${code}` });
      });
    }

    it('arrive with a message of any letters', async () => {
      const statusMessage = 'Größe: 100 %, "quoted"\n日本 \u{1f600} %41';
      await assert.rejects(callUnary(client, { statusCode: Status.INTERNAL, statusMessage }), {
        details: statusMessage,
      });
    });

    it('arrive with their trailers', async () => {
      const metadata = new Metadata();
      metadata.add('x-trail-detail-bin', Buffer.from([8, 3, 255]));
      await assert.rejects(
        callUnary(client, { statusCode: Status.ABORTED }, { metadata }),
        (error: unknown) => {
          const { metadata: trailers } = error as { metadata: Metadata };
          assert.deepEqual(trailers.get('x-trail-detail-bin'), [Buffer.from([8, 3, 255])]);
          return true;
        },
      );
    });

    it('arrive after the messages that went before them', async () => {
      const call = client.ServerStream(
        { replyCount: 3, statusCode: Status.DATA_LOSS, statusMessage: 'torn' },
        new Metadata(),
        callOptions(),
      );
      let received = 0;
      call.on('data', () => received++);
      await assert.rejects(new Promise((_, reject) => call.on('error', reject)), {
        code: Status.DATA_LOSS,
        details: 'torn',
      });
      assert.equal(received, 3);
    });

    it('of a method that does not exist arrive', async () => {
      const missing = new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          '/weir.test.Echo/Nothing',
          (request: Buffer) => request,
          (reply: Buffer) => reply,
          Buffer.alloc(0),
          new Metadata(),
          callOptions(),
          (error, reply) => (error === null ? resolve(reply) : reject(error)),
        );
      });
      await assert.rejects(missing, { code: Status.UNIMPLEMENTED });
    });
  });
});
