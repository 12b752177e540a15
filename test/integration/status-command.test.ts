import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ConfigDirectory } from '../support/config-directory.js';
import { RawAdsClient } from '../support/ads.js';
import { repositoryRoot } from '../support/node-process.js';
import { until } from '../support/until.js';
import { startControl, startProxy, type WeirProcess } from '../support/weir-process.js';
import { TYPE_CLUSTER } from 'weir/dist/xds/type-urls.js';

const program = join(repositoryRoot, 'packages/mesh/bin/weir.js');
const CLUSTER = 'outbound|50051||echo.default.svc.cluster.local';

function weir(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('weir status and weir config', () => {
  const directory = new ConfigDirectory();
  let control: WeirProcess;
  let proxy: WeirProcess;
  let stubborn: RawAdsClient | undefined;

  before(async () => {
    directory.service('echo');
    directory.endpoint('echo', 'echo-1', '10.0.0.1:50051');
    control = await startControl(directory.path);
    const nodeId = 'sidecar~10.0.0.9~web-1.default~default.svc.cluster.local';
    proxy = await startProxy(control.xds, '--node-id', nodeId);
    await proxy.ready();
  });

  after(async () => {
    stubborn?.close();
    await proxy.process.kill();
    await control.process.kill();
    directory.destroy();
  });

  it('shows a sidecar that has everything, and ends with 0', async () => {
    await until('the sidecar is in sync', () => {
      const { status, stdout } = weir('status', '--control', control.http);
      return status === 0 && /web-1\.default +sidecar .*SYNCED/.test(stdout) && !stdout.includes('STALE');
    });
  });

  it('compares what the sidecar holds, and ends with 0 when nothing differs', () => {
    const { status, stdout } = weir('config', 'web-1', '--control', control.http);
    assert.match(stdout, /web-1.*: \d+ resources, all as they should be\n/);
    assert.equal(status, 0);
  });

  it('shows a refusal with its field, keeps the version before, and ends with 1', async () => {
    stubborn = new RawAdsClient(Number(control.xds.split(':').at(-1)));
    const client = stubborn;
    client.request({
      node: {
        id: 'proxyless~10.0.0.7~stubborn-1.default~x',
        userAgentName: 'gRPC Go',
        userAgentVersion: '1.70.0',
      },
      typeUrl: TYPE_CLUSTER,
      resourceNames: [CLUSTER],
    });
    await until('its cluster comes', () => client.responses.length === 1);
    const response = client.take(TYPE_CLUSTER) ?? assert.fail();
    client.request({
      typeUrl: TYPE_CLUSTER,
      resourceNames: [CLUSTER],
      responseNonce: response.nonce,
      errorDetail: { code: 3, message: `Cluster ${CLUSTER}: lrs_server.self: not wanted` },
    });
    await until('the refusal is shown', () => weir('status', '--control', control.http).status === 1);
    const { stdout } = weir('status', '--control', control.http);
    assert.match(stdout, /stubborn-1\.default +grpc-go +1\.70 .*NACKED/);
    assert.match(
      stdout,
      new RegExp(`Cluster ${CLUSTER.replaceAll('|', '\\|')} was refused .*field lrs_server\\.self`),
    );
    const compared = weir('config', 'stubborn-1', '--control', control.http);
    assert.equal(compared.status, 1);
    assert.match(compared.stdout, /has not come yet[^]*refused: .*not wanted[^]*\+ {3}"lbPolicy|"name"/);
  });

  it('says what to do when nobody answers, and who is not there', () => {
    const nobody = weir('status', '--control', '127.0.0.1:1');
    assert.equal(nobody.status, 2);
    assert.match(nobody.stderr, /no control plane answers at 127\.0\.0\.1:1 .*--control/);
    const unknown = weir('config', 'nobody', '--control', control.http);
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /no client "nobody" is connected/);
  });
});
