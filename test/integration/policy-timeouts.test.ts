import { Metadata, status as Status, type ServiceError } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { callOptions, callUnary, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { ECHO_PATH } from '../support/echo-service.js';
import { Mesh, needsWeir } from '../support/mesh.js';
import { until } from '../support/until.js';

const TIMEOUTS = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: default }
spec:
  hosts: [echo]
  http:
    - name: unary
      match: [{ uri: { exact: ${ECHO_PATH}/Unary } }]
      route: [{ destination: { host: echo } }]
      timeout: 300ms
    - name: others
      route: [{ destination: { host: echo } }]
`;

describe('the timeout of a method', needsWeir, () => {
  let server: EchoServer;
  let mesh: Mesh;
  let client: EchoClient;

  before(async () => {
    server = await startEchoServer({ name: 'pod-1' });
    mesh = new Mesh([server]);
    mesh.directory.write('timeouts.yaml', TIMEOUTS);
    await mesh.start([]);
    client = mesh.client();
  });
  after(async () => {
    await mesh.close();
    server.destroy();
  });

  it('ends a call with DEADLINE_EXCEEDED, and the server sees the cancellation', async () => {
    await callUnary(client);
    const cancelled = server.cancelled;
    const startedMs = performance.now();
    const error = await callUnary(client, { hold: true }).then(
      () => assert.fail('the call did not fail'),
      (failure: unknown) => failure as ServiceError,
    );
    const tookMs = performance.now() - startedMs;
    assert.equal(error.code, Status.DEADLINE_EXCEEDED);
    // On a busy machine the server, which is told what is left, may be the first to say so.
    assert.match(error.details, /300 ms, the timeout of route "unary"|^Deadline exceeded/);
    assert.ok(tookMs >= 295 && tookMs < 1000, `${tookMs} ms`);
    await until('the server sees it', () => Promise.resolve(server.cancelled === cancelled + 1), 5_000);
    assert.equal(server.open, 0);
  });

  it('leaves the other methods alone', async () => {
    const call = client.ServerStream({ replyCount: 2, delayMs: 300 }, new Metadata(), callOptions());
    let replies = 0;
    for await (const _ of call) replies++;
    assert.equal(replies, 2);
  });

  it("gives way to the caller's own, shorter time", async () => {
    const cancelled = server.cancelled;
    await assert.rejects(callUnary(client, { hold: true }, { timeoutMs: 100 }), {
      code: Status.DEADLINE_EXCEEDED,
    });
    await until('the server sees it', () => Promise.resolve(server.cancelled === cancelled + 1), 5_000);
  });
});
