import { Metadata, status as Status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { callOptions, callUnary, createEchoClient, type EchoClient } from '../support/echo-client.js';
import { spawnEchoServer, type EchoServerProcess } from '../support/echo-server-process.js';
import type { ReceivedEchoReply } from '../support/echo-service.js';
import { direct, needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { readMetric } from '../support/read-metric.js';
import { until } from '../support/until.js';

/** Opens a bidirectional stream and learns from its first answer which server has it. */
async function openStream(client: EchoClient) {
  const call = client.Bidi(new Metadata(), callOptions());
  const failed = new Promise<{ readonly code: number; readonly details: string }>((resolve) =>
    call.on('error', (error: Error & { code: number; details: string }) => resolve(error)),
  );
  call.write({});
  const [{ server }] = (await once(call, 'data')) as [ReceivedEchoReply];
  return { call, server, failed };
}

describe('when a server dies without a word', () => {
  let servers: EchoServerProcess[];
  let mesh: Mesh;
  let client: EchoClient;

  before(async () => {
    servers = await Promise.all(['pod-1', 'pod-2', 'pod-3'].map((name) => spawnEchoServer(name)));
    mesh = await startMesh(servers);
    client = mesh.client();
  });
  after(async () => {
    await mesh.close();
    await Promise.all(servers.map((server) => server.process.kill()));
  });

  it('its streams fail with UNAVAILABLE, the others go on, and new calls go to the living', async () => {
    const streams = [];
    const names = new Set<string>();
    while (names.size < 3) {
      const stream = await openStream(client);
      streams.push(stream);
      names.add(stream.server);
      assert.ok(streams.length < 100, `only ${[...names].join(', ')} answered 100 streams`);
    }

    await servers[0]?.process.kill();

    for (const { call, server, failed } of streams) {
      if (server === 'pod-1') {
        const { code } = await failed;
        assert.equal(code, Status.UNAVAILABLE);
      } else {
        call.write({ payload: Buffer.from('still there') });
        const [reply] = (await once(call, 'data')) as [ReceivedEchoReply];
        assert.equal(reply.payload.toString(), 'still there');
      }
    }

    // Whoever still has streams would be asked less.
    for (const { call } of streams) call.cancel();
    await until('no stream is open', async () => {
      return direct || readMetric((await mesh.weir.get('/metrics')).body, 'weir_downstream_streams') === 0;
    });

    // The dead server's EndpointSlice still says "ready": a connection that is refused was provably not
    // processed, so the call goes elsewhere.
    const counts: Record<string, number> = {};
    for (let call = 0; call < 60; call++) {
      const { server } = (await callUnary(client)).reply;
      counts[server] = (counts[server] ?? 0) + 1;
    }
    assert.deepEqual(Object.keys(counts).sort(), ['pod-2', 'pod-3']);
  });
});

describe('what the sidecar answers itself', needsWeir, () => {
  let mesh: Mesh;

  before(async () => {
    mesh = await startMesh(
      [],
      ...['ghost:50051=127.0.0.1:0', 'ghost:7777=127.0.0.1:0'].flatMap((rule) => ['--listen', rule]),
    );
  });
  after(() => mesh.close());

  it('is UNAVAILABLE when the service has no endpoint, naming the service', async () => {
    await assert.rejects(callUnary(mesh.client()), (error: Error & { code: number; details: string }) => {
      assert.equal(error.code, Status.UNAVAILABLE);
      assert.match(error.details, /echo/);
      return true;
    });
  });

  it('is UNAVAILABLE when no endpoint can be reached', async () => {
    mesh.directory.endpoint('echo', 'nobody', '127.0.0.1:1');
    const details: string[] = [];
    // The file is seen a moment later; both states are UNAVAILABLE, and the latter names the address.
    for (let tries = 0; tries < 100 && !details.at(-1)?.includes('127.0.0.1:1'); tries++) {
      await assert.rejects(callUnary(mesh.client()), (error: Error & { code: number; details: string }) => {
        details.push(error.details);
        assert.equal(error.code, Status.UNAVAILABLE);
        return true;
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.match(details.at(-1) ?? '', /127\.0\.0\.1:1\b/);
    mesh.directory.removeEndpoint('nobody');
  });

  for (const service of ['ghost:50051', 'ghost:7777']) {
    it(`is UNIMPLEMENTED when there is no such service: ${service}`, async () => {
      const lost = mesh.keep(createEchoClient(mesh.weir.listener(service)));
      await assert.rejects(callUnary(lost), (error: Error & { code: number; details: string }) => {
        assert.equal(error.code, Status.UNIMPLEMENTED);
        assert.ok(error.details.includes(service), error.details);
        return true;
      });
    });
  }
});
