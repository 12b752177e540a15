import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ConfigDirectory } from '../support/config-directory.js';
import { callUnary, countByServer, createEchoClient, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir } from '../support/mesh.js';
import { until } from '../support/until.js';
import { startControl, startProxy, type WeirProcess } from '../support/weir-process.js';

describe('a sidecar and its control plane', needsWeir, () => {
  let servers: [EchoServer, EchoServer, EchoServer];
  let directory: ConfigDirectory;
  let control: WeirProcess;
  let proxy: WeirProcess;
  let client: EchoClient;

  before(async () => {
    servers = [
      await startEchoServer({ name: 'pod-1' }),
      await startEchoServer({ name: 'pod-2' }),
      await startEchoServer({ name: 'pod-3' }),
    ];
    directory = new ConfigDirectory();
    directory.service('echo');
    for (const server of servers.slice(0, 2)) directory.endpoint('echo', server.name, server.address);
    // In turn, as a server that has held a call is not preferred by those that go by latency.
    control = await startControl(directory.path, '--balancer', 'round_robin');
    proxy = await startProxy(control.xds, '--listen', 'echo:50051=127.0.0.1:0');
    await proxy.ready();
    client = createEchoClient(proxy.listener('echo:50051'));
  });
  after(async () => {
    client.close();
    await proxy.process.kill();
    await control.process.kill();
    directory.destroy();
    for (const server of servers) server.destroy();
  });

  it('carry a change from the file to the calls', async () => {
    assert.deepEqual(Object.keys(await countByServer(client, 40)).sort(), ['pod-1', 'pod-2']);
  });

  it('part without harm: calls go on while the control plane is dead', async () => {
    const xds = control.xds;
    const held = callUnary(client, { hold: true });
    await until('the call is open', () => servers.some(({ open }) => open === 1));

    await control.process.kill();

    for (const server of servers) server.release();
    await held;
    assert.deepEqual(Object.keys(await countByServer(client, 60)).sort(), ['pod-1', 'pod-2']);
    assert.equal((await proxy.get('/ready')).status, 200, 'the last configuration stays in force');

    // While it is away, the world changes: pod-1 is gone for good, pod-3 has come.
    directory.removeEndpoint('pod-1');
    directory.endpoint('echo', 'pod-3', servers[2].address);
    control = await startControl(directory.path, '--balancer', 'round_robin', '--xds', xds);
    await until(
      'the calls go to pod-2 and pod-3',
      async () =>
        Object.keys(await countByServer(client, 30))
          .sort()
          .join(' ') === 'pod-2 pod-3',
      15_000,
    );
  });

  it('find each other in any order: a sidecar that is started first says that it is not configured', async () => {
    const probe = await startControl(directory.path);
    const xds = probe.xds;
    await probe.process.kill();

    const early = await startProxy(xds);
    let late: WeirProcess | undefined;
    try {
      const { status, body } = await early.get('/ready');
      assert.equal(status, 503);
      assert.match(body, /not configured/);
      late = await startControl(directory.path, '--xds', xds);
      await early.ready(15_000);
    } finally {
      await early.process.kill();
      await late?.process.kill();
    }
  });
});
