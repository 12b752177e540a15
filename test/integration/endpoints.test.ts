import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { endpointFile, endpointSliceYaml } from '../support/config-directory.js';
import { callUnary, countByServer, createEchoClient, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { until } from '../support/until.js';

/** Calls until `server` answers; resolves to the time that took. */
async function msUntilAnsweredBy(client: EchoClient, server: string, timeoutMs: number): Promise<number> {
  const begun = performance.now();
  await until(`${server} answers`, async () => (await callUnary(client)).reply.server === server, timeoutMs);
  return performance.now() - begun;
}

describe('the spread over the endpoints of a service', () => {
  let servers: EchoServer[];
  let mesh: Mesh;
  let client: EchoClient;

  before(async () => {
    servers = await Promise.all(['pod-1', 'pod-2', 'pod-3'].map((name) => startEchoServer({ name })));
    mesh = await startMesh(servers);
    client = mesh.client();
  });
  after(async () => {
    await mesh.close();
    for (const server of servers) server.destroy();
  });

  it('is even for calls one after the other on one connection', async () => {
    const counts = await countByServer(client, 300);
    assert.deepEqual(Object.keys(counts).sort(), ['pod-1', 'pod-2', 'pod-3']);
    for (const [server, count] of Object.entries(counts))
      assert.ok(count >= 60, `${server} answered ${count} of 300`);
  });

  it('is even for calls at the same time', async () => {
    const results = await Promise.all(Array.from({ length: 300 }, () => callUnary(client, { delayMs: 50 })));
    for (const name of ['pod-1', 'pod-2', 'pod-3']) {
      const count = results.filter(({ reply }) => reply.server === name).length;
      assert.ok(count >= 60, `${name} answered ${count} of 300`);
    }
  });
});

describe('a change of the directory', needsWeir, () => {
  let servers: [EchoServer, EchoServer, EchoServer];
  let mesh: Mesh;
  let client: EchoClient;

  before(async () => {
    servers = [
      await startEchoServer({ name: 'pod-1' }),
      await startEchoServer({ name: 'pod-2' }),
      await startEchoServer({ name: 'pod-3' }),
    ];
    mesh = await startMesh(servers.slice(0, 2));
    client = mesh.client();
  });
  beforeEach(async () => {
    // Two endpoints, whatever the test before has done.
    for (const server of servers.slice(0, 2)) mesh.directory.endpoint('echo', server.name, server.address);
    mesh.directory.endpoint('echo', 'pod-3', servers[2].address, { ready: false });
    await until('pod-1 and pod-2 answer, pod-3 does not', async () => {
      return (
        Object.keys(await countByServer(client, 30))
          .sort()
          .join(' ') === 'pod-1 pod-2'
      );
    });
  });
  after(async () => {
    await mesh.close();
    for (const server of servers) server.destroy();
  });

  it('that adds an endpoint sends calls there within a second, on the connection that is open', async () => {
    mesh.directory.endpoint('echo', 'pod-3', servers[2].address);
    const tookMs = await msUntilAnsweredBy(client, 'pod-3', 3_000);
    assert.ok(tookMs < 1_000, `took ${tookMs.toFixed(0)} ms`);
    const counts = await countByServer(client, 150);
    assert.ok((counts['pod-3'] ?? 0) >= 25, `pod-3 answered ${counts['pod-3']} of 150`);
  });

  it('that marks an endpoint as terminating sends nothing new there and lets what is open finish', async () => {
    // One call held by each, or the other would be preferred anyway for having less to do.
    const held: Promise<string>[] = [];
    const isHolding = ({ open }: EchoServer): boolean => open > 0;
    while (!servers.slice(0, 2).every(isHolding)) {
      assert.ok(held.length < 50, 'calls are spread');
      held.push(callUnary(client, { hold: true }).then(({ reply }) => reply.server));
      await until('the call is open', () => servers[0].open + servers[1].open === held.length);
    }
    const ending = servers[0];
    mesh.directory.endpoint('echo', ending.name, ending.address, {
      ready: false,
      serving: true,
      terminating: true,
    });
    await until(
      'it gets no call',
      async () => (await countByServer(client, 20))[ending.name] === undefined,
      2_000,
    );
    assert.deepEqual(await countByServer(client, 100), { 'pod-2': 100 });

    for (const server of servers) server.release();
    assert.ok((await Promise.all(held)).includes('pod-1'), 'what it had was finished');
  });

  it('that removes the file of an endpoint removes the endpoint', async () => {
    mesh.directory.removeEndpoint('pod-2');
    await until('only pod-1 answers', async () => {
      return Object.keys(await countByServer(client, 20)).join() === 'pod-1';
    });
  });

  it('fails no call while endpoints come and go', async () => {
    let calls = 0;
    let failed = 0;
    const stop = new AbortController();
    const load = Array.from({ length: 8 }, async () => {
      while (!stop.signal.aborted) {
        calls++;
        await callUnary(client).catch(() => failed++);
      }
    });
    for (let turn = 0; turn < 5; turn++) {
      mesh.directory.endpoint('echo', 'pod-3', servers[2].address);
      mesh.directory.removeEndpoint('pod-1');
      await new Promise((resolve) => setTimeout(resolve, 100));
      mesh.directory.endpoint('echo', 'pod-1', servers[0].address);
      mesh.directory.endpoint('echo', 'pod-3', servers[2].address, {
        ready: false,
        serving: true,
        terminating: true,
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    stop.abort();
    await Promise.all(load);
    assert.ok(calls > 100, `${calls} calls`);
    assert.equal(failed, 0, `of ${calls} calls`);
  });

  it('with a typo is reported with file, line and field, and changes nothing', async () => {
    const good = endpointSliceYaml('echo', 'pod-2', servers[1].address);
    const bad = good.replace('endpoints:', 'endponts:');
    const line = bad.split('\n').findIndex((text) => text.startsWith('endponts')) + 1;
    mesh.directory.write(endpointFile('pod-2'), bad);

    const report = await mesh.weir.process.logged(
      new RegExp(`${endpointFile('pod-2')}:${line}\\b.*endponts`),
    );
    assert.match(report, /endpoints/, 'and says which field was meant');
    const counts = await countByServer(client, 60);
    assert.deepEqual(Object.keys(counts).sort(), ['pod-1', 'pod-2']);

    mesh.directory.write(endpointFile('pod-2'), good);
    mesh.directory.endpoint('echo', 'pod-3', servers[2].address);
    await msUntilAnsweredBy(client, 'pod-3', 2_000);
  });

  it('that is not YAML is reported with file and line, and changes nothing', async () => {
    mesh.directory.write(endpointFile('pod-2'), 'apiVersion: v1\nkind: [oops\n');
    await mesh.weir.process.logged(new RegExp(`${endpointFile('pod-2')}:\\d+`));
    const counts = await countByServer(client, 60);
    assert.deepEqual(Object.keys(counts).sort(), ['pod-1', 'pod-2']);
  });

  it('that adds a ServiceEntry makes its host known', async () => {
    mesh.directory.serviceEntry('outside.example', 7000, [servers[0].address, servers[2].address]);
    await until('the sidecar knows it', async () => {
      return (await mesh.weir.get('/clusters')).body.includes('outbound|7000||outside.example');
    });
    const outside = mesh.keep(createEchoClient('outside.example:7000', { connectProxy: mesh.weir.outbound }));
    const names = new Set<string>();
    await until('both of its endpoints answer', async () => {
      names.add((await callUnary(outside)).reply.server);
      return names.size === 2;
    });
    assert.deepEqual([...names].sort(), ['pod-1', 'pod-3']);
  });
});
