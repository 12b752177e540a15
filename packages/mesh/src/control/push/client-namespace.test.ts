import assert from 'node:assert/strict';
import { test } from 'node:test';
import { structOf } from '../../xds/struct.js';
import { clientNamespace } from './client-namespace.js';

test('a client is in the namespace it names in its metadata', () => {
  const node = {
    id: 'sidecar~10.0.0.1~a.shop~shop.svc.cluster.local',
    metadata: structOf({ NAMESPACE: 'bank' }),
  };
  assert.equal(clientNamespace(node), 'bank');
});

test('without metadata the namespace is read from the id', () => {
  assert.equal(clientNamespace({ id: 'sidecar~10.0.0.1~a.b.shop~shop.svc.cluster.local' }), 'shop');
});

test('a client that tells neither is in default', () => {
  for (const node of [
    {},
    { id: '' },
    { id: 'me' },
    { id: 'sidecar~10.0.0.1~a~x' },
    { id: 'sidecar~10.0.0.1~a.~x' },
  ]) {
    assert.equal(clientNamespace(node), 'default');
  }
});
