import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { callUnary } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { grpcHeaders, openSession } from '../support/raw-http2.js';
import { until } from '../support/until.js';

describe('a sidecar that is told to stop', needsWeir, () => {
  let server: EchoServer;
  let mesh: Mesh;

  before(async () => {
    server = await startEchoServer({ name: 'pod-1' });
  });
  beforeEach(async () => {
    mesh = await startMesh([server]);
  });
  afterEach(async () => {
    server.release();
    await mesh.close();
  });
  after(() => server.destroy());

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`by ${signal} ends with code 0 when nothing is under way`, async () => {
      await callUnary(mesh.client());
      mesh.weir.process.signal(signal);
      assert.deepEqual(await mesh.weir.process.exited, { code: 0, signal: null });
    });
  }

  it('is no longer ready, says GOAWAY, lets the stream in flight finish and then ends with code 0', async () => {
    const client = mesh.client();
    const held = callUnary(client, { hold: true, payload: Buffer.from('last words') });
    await until('the call is open', () => server.open === 1);
    const idle = await openSession(mesh.address);
    const goaway = once(idle, 'goaway');

    mesh.weir.process.signal('SIGTERM');

    const [code] = (await goaway) as [number];
    assert.equal(code, 0, 'NO_ERROR');
    await until('/ready answers 503', async () => {
      const { status, body } = await mesh.weir.get('/ready');
      return status === 503 && body.includes('draining');
    });
    assert.equal(mesh.weir.process.exit, undefined, 'it waits for the stream');

    server.release();
    assert.equal((await held).reply.payload.toString(), 'last words');
    assert.deepEqual(await mesh.weir.process.exited, { code: 0, signal: null });
    idle.destroy();
  });

  it('takes no new stream on a connection it has said GOAWAY to', async () => {
    const held = callUnary(mesh.client(), { hold: true });
    await until('the call is open', () => server.open === 1);
    const session = await openSession(mesh.address);
    const goaway = once(session, 'goaway');
    mesh.weir.process.signal('SIGTERM');
    await goaway;
    const calls = server.calls;
    assert.throws(
      () => session.request(grpcHeaders('/weir.test.Echo/Unary')),
      /ERR_HTTP2_GOAWAY_SESSION|closed|GOAWAY/i,
    );
    assert.equal(server.calls, calls);
    server.release();
    await held;
    session.destroy();
  });

  it('ends at once on a second signal', async () => {
    const held = callUnary(mesh.client(), { hold: true });
    held.catch(() => {});
    await until('the call is open', () => server.open === 1);
    mesh.weir.process.signal('SIGTERM');
    await until('it drains', async () => (await mesh.weir.get('/ready')).status === 503);
    const begun = performance.now();
    mesh.weir.process.signal('SIGTERM');
    assert.deepEqual(await mesh.weir.process.exited, { code: 1, signal: null });
    assert.ok(performance.now() - begun < 1_000);
    await assert.rejects(held);
  });
});

describe('a sidecar with a drain time', needsWeir, () => {
  it('ends what is still open when that time is over', async () => {
    const server = await startEchoServer({ name: 'pod-1' });
    const mesh = await startMesh([server], '--drain-time', '500ms');
    try {
      const held = callUnary(mesh.client(), { hold: true });
      held.catch(() => {});
      await until('the call is open', () => server.open === 1);
      const begun = performance.now();
      mesh.weir.process.signal('SIGTERM');
      await mesh.weir.process.exited;
      const tookMs = performance.now() - begun;
      assert.ok(tookMs >= 450 && tookMs < 3_000, `took ${tookMs.toFixed(0)} ms`);
      await assert.rejects(held);
    } finally {
      await mesh.close();
      server.destroy();
    }
  });
});
