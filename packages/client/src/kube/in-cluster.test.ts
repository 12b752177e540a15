import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { inClusterAccess, isInCluster } from './in-cluster.js';

describe('inClusterAccess', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-service-account-'));
  after(() => rmSync(folder, { recursive: true }));
  const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };

  it('is there in a pod that has a service account, and nowhere else', () => {
    assert.equal(isInCluster(environment, folder), false);
    writeFileSync(join(folder, 'token'), 'first\n');
    assert.equal(isInCluster(environment, folder), true);
    assert.equal(isInCluster({}, folder), false);
  });

  it('shows the token as it is now', async () => {
    writeFileSync(join(folder, 'ca.crt'), 'CA\n');
    writeFileSync(join(folder, 'namespace'), 'shop\n');
    const access = await inClusterAccess(environment, folder);
    assert.deepEqual([access.server, access.ca, access.namespace], ['https://[fd00::1]:6443', 'CA', 'shop']);
    assert.deepEqual(await access.credentials(false), { authorization: 'Bearer first' });
    writeFileSync(join(folder, 'token'), 'second');
    assert.deepEqual(await access.credentials(false), { authorization: 'Bearer second' });
  });
});
