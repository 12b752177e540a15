import assert from 'node:assert/strict';
import { test } from 'node:test';
import { structOf } from '../../xds/struct.js';
import { clientOfNode } from './client-of-node.js';

test('a client tells its labels in its metadata, and its locality', () => {
  const node = {
    metadata: structOf({ NAMESPACE: 'shop', LABELS: { app: 'web', broken: 7 } }),
    locality: { region: 'eu', zone: 'eu-1' },
  };
  assert.deepEqual(clientOfNode(node), {
    namespace: 'shop',
    labels: { app: 'web' },
    locality: { region: 'eu', zone: 'eu-1', subZone: '' },
  });
});

test('a client that tells nothing has no labels and no locality', () => {
  assert.deepEqual(clientOfNode({}), { namespace: 'default', labels: {}, locality: undefined });
  assert.equal(clientOfNode({ locality: {} }).locality, undefined);
});
