import { Metadata, status as Status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { callOptions, callUnary, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { until } from '../support/until.js';

describe('streams through the sidecar', () => {
  let server: EchoServer;
  let mesh: Mesh;
  let client: EchoClient;

  before(async () => {
    server = await startEchoServer({ name: 'pod-1' });
    mesh = await startMesh([server]);
    client = mesh.client();
    await callUnary(client);
  });
  afterEach(() => server.release());
  after(async () => {
    await mesh.close();
    server.destroy();
  });

  it('are open a thousand at a time on one connection of the caller', async () => {
    const calls = Array.from({ length: 1000 }, (_, index) =>
      callUnary(client, { hold: true, payload: Buffer.from(`call ${index}`) }, { timeoutMs: 40_000 }),
    );
    const all = Promise.all(calls);
    await Promise.race([all, until('1000 calls are open', () => server.open === 1000, 30_000)]);
    server.release();
    const results = await all;
    assert.ok(results.every(({ reply }, index) => reply.payload.toString() === `call ${index}`));
    await until('no call is open', () => server.open === 0);
  });

  it('stay in step when a thousand bidirectional streams talk at once', async () => {
    const talk = async (name: number): Promise<void> => {
      const call = client.Bidi(new Metadata(), callOptions({ timeoutMs: 40_000 }));
      for (let turn = 0; turn < 3; turn++) {
        call.write({ payload: Buffer.from(`${name}/${turn}`) });
        const [reply] = (await once(call, 'data')) as [{ payload: Buffer }];
        assert.equal(reply.payload.toString(), `${name}/${turn}`);
      }
      call.end();
      call.resume();
      await once(call, 'end');
    };
    await Promise.all(Array.from({ length: 1000 }, (_, name) => talk(name)));
  });

  describe('cancelled by the caller', () => {
    it('end at the server: a unary call', async () => {
      const earlier = server.cancelled;
      const call = client.Unary({ hold: true }, new Metadata(), callOptions(), () => {});
      await until('the call is open', () => server.open === 1);
      call.cancel();
      await until('the server sees it', () => server.cancelled === earlier + 1);
    });

    it('end at the server: a server stream that is flowing', async () => {
      const earlier = server.cancelled;
      const call = client.ServerStream(
        { replyCount: 1_000_000, replyBytes: 1000 },
        new Metadata(),
        callOptions(),
      );
      call.on('error', () => {});
      await once(call, 'data');
      call.cancel();
      await until('the server sees it', () => server.cancelled === earlier + 1);
      await until('no call is open', () => server.open === 0);
    });

    it('end at the server: a client stream', async () => {
      const earlier = server.cancelled;
      const call = client.ClientStream(new Metadata(), callOptions(), () => {});
      call.write({});
      await until('the call is open', () => server.open === 1);
      call.cancel();
      await until('the server sees it', () => server.cancelled === earlier + 1);
    });

    it('end at the server: a bidirectional stream', async () => {
      const earlier = server.cancelled;
      const call = client.Bidi(new Metadata(), callOptions());
      call.on('error', () => {});
      call.write({});
      await once(call, 'data');
      call.cancel();
      await until('the server sees it', () => server.cancelled === earlier + 1);
    });

    it('leave the connection in order: hundreds of calls begun and called off', async () => {
      for (let call = 0; call < 300; call++) {
        client.Unary({}, new Metadata(), callOptions(), () => {}).cancel();
      }
      const { reply } = await callUnary(client, { payload: Buffer.from('after') });
      assert.equal(reply.payload.toString(), 'after');
      await until('no call is open', () => server.open === 0);
    });

    it('end at the server when the caller goes away', async () => {
      const earlier = server.cancelled;
      const leaving = mesh.client();
      const call = leaving.Bidi(new Metadata(), callOptions());
      call.on('error', () => {});
      call.write({});
      await once(call, 'data');
      leaving.getChannel().close();
      call.cancel();
      await until('the server sees it', () => server.cancelled === earlier + 1);
    });
  });

  describe('ended early by the server', () => {
    it('tell the caller who is still sending', async () => {
      const call = client.Bidi(new Metadata(), callOptions());
      const failed = new Promise((_, reject) => call.on('error', reject));
      call.on('data', () => {});
      call.write({});
      await once(call, 'data');
      call.write({ statusCode: Status.ABORTED, statusMessage: 'enough' });
      await assert.rejects(failed, { code: Status.ABORTED, details: 'enough' });
    });
  });

  describe('with a deadline', () => {
    it('fail at the caller with DEADLINE_EXCEEDED and end at the server', async () => {
      const earlier = server.cancelled;
      const begun = performance.now();
      await assert.rejects(callUnary(client, { hold: true }, { timeoutMs: 300 }), {
        code: Status.DEADLINE_EXCEEDED,
      });
      const tookMs = performance.now() - begun;
      assert.ok(tookMs >= 290 && tookMs < 2_000, `took ${tookMs} ms`);
      await until('the server sees it', () => server.cancelled === earlier + 1);
    });

    it('that has not passed are answered', async () => {
      const { reply } = await callUnary(
        client,
        { delayMs: 100, payload: Buffer.from('in time') },
        { timeoutMs: 5_000 },
      );
      assert.equal(reply.payload.toString(), 'in time');
    });

    it('fail with DEADLINE_EXCEEDED in the middle of a stream', async () => {
      const call = client.ServerStream(
        { replyCount: 1000, delayMs: 20 },
        new Metadata(),
        callOptions({ timeoutMs: 300 }),
      );
      let received = 0;
      call.on('data', () => received++);
      await assert.rejects(new Promise((_, reject) => call.on('error', reject)), {
        code: Status.DEADLINE_EXCEEDED,
      });
      assert.ok(received > 0);
      await until('no call is open', () => server.open === 0);
    });
  });
});

describe('streams to an endpoint that admits few on one connection', needsWeir, () => {
  let server: EchoServer;
  let mesh: Mesh;

  before(async () => {
    server = await startEchoServer({ name: 'narrow', grpc: { 'grpc.max_concurrent_streams': 50 } });
    mesh = await startMesh([server]);
  });
  after(async () => {
    await mesh.close();
    server.destroy();
  });

  it('get further connections, so that none waits', async () => {
    const client = mesh.client();
    await callUnary(client);
    const all = Promise.all(Array.from({ length: 120 }, () => callUnary(client, { hold: true })));
    await Promise.race([all, until('120 calls are open', () => server.open === 120, 10_000)]);
    assert.ok(server.peers.size >= 3, `${server.peers.size} connections`);
    server.release();
    await all;
  });
});
