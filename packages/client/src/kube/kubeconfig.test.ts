import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { ClusterAccess } from './cluster-access.js';
import { kubeconfigAccess } from './kubeconfig.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-kubeconfig-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function read(user: string, more = '', context?: string): Promise<ClusterAccess> {
  const file = join(folder, `config-${files++}`);
  writeFileSync(
    file,
    `current-context: here
clusters: [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443/", "tls-server-name": "api"}}]
contexts:
- name: here
  context:
    cluster: c
    user: u
    namespace: shop
- name: nowhere
  context:
    cluster: gone
users:
- name: u
  user:
${user.replaceAll(/^/gm, '    ')}
${more}`,
  );
  return kubeconfigAccess({ file, context, wallMs: () => Date.now() });
}

describe('kubeconfigAccess', () => {
  it('takes server and namespace from the current context', async () => {
    const access = await read('token: t');
    assert.deepEqual(
      [access.server, access.namespace, access.serverName, access.verifiesServer, access.ca],
      ['https://127.0.0.1:6443', 'shop', 'api', true, undefined],
    );
  });

  it('shows a token, one from a file as it is now, or a name and password', async () => {
    assert.equal((await (await read('token: t')).credentials(false)).authorization, 'Bearer t');
    writeFileSync(join(folder, 'token'), 'first\n');
    const fromFile = await read('tokenFile: token');
    assert.equal((await fromFile.credentials(false)).authorization, 'Bearer first');
    writeFileSync(join(folder, 'token'), 'second\n');
    assert.equal((await fromFile.credentials(false)).authorization, 'Bearer second');
    const basic = await (await read('username: a\npassword: b')).credentials(false);
    assert.equal(basic.authorization, `Basic ${Buffer.from('a:b').toString('base64')}`);
  });

  it('shows a client certificate, inline or from files beside it', async () => {
    writeFileSync(join(folder, 'key.pem'), 'KEY');
    const cert = Buffer.from('CERT').toString('base64');
    const access = await read(`client-certificate-data: ${cert}\nclient-key: key.pem`);
    assert.deepEqual(await access.credentials(false), { authorization: undefined, cert: 'CERT', key: 'KEY' });
  });

  it('runs a program for credentials, once until they expire or are refused', async () => {
    const ran = join(folder, 'ran');
    const script = join(folder, 'login.cjs');
    writeFileSync(
      script,
      `require('node:fs').appendFileSync(${JSON.stringify(ran)}, 'x');
       const times = require('node:fs').readFileSync(${JSON.stringify(ran)}, 'utf8').length;
       const { apiVersion } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
       console.log(JSON.stringify({ apiVersion, status: { token: process.argv[2] + process.env.STAGE + times } }));`,
    );
    const access = await read(`exec:
  apiVersion: client.authentication.k8s.io/v1
  command: ${process.execPath}
  args:
  - ${script}
  - for-
  env:
  - name: STAGE
    value: test-`);
    assert.equal((await access.credentials(false)).authorization, 'Bearer for-test-1');
    assert.equal((await access.credentials(false)).authorization, 'Bearer for-test-1');
    assert.equal((await access.credentials(true)).authorization, 'Bearer for-test-2');
  });

  it('says what is missing, and where', async () => {
    await assert.rejects(
      read('token: t', '', 'nowhere'),
      /kubeconfig .*config-\d+: clusters has no gone; it has c/,
    );
    await assert.rejects(read('token: t', '', 'typo'), /contexts has no typo; it has here, nowhere/);
    await assert.rejects(read('auth-provider:\n  name: gcp'), /auth-provider is gone .* use exec/);
    await assert.rejects(read('token: &t x'), /line \d+: & is not understood/);
    await assert.rejects(
      kubeconfigAccess({ file: join(folder, 'none'), wallMs: () => 0 }),
      /kubeconfig .*none: there is no such file/,
    );
  });
});
