import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@weir/core';
import { FakeClock, fakeEndpoint } from '@weir/core/testing';
import { Cluster } from './cluster.js';

function roundRobin(name = 'outbound|50051|v1|greeter.default.svc.cluster.local') {
  return new Cluster(
    { name, assignmentName: name, policy: { name: 'round_robin' }, connectTimeoutMs: 5000 },
    { clock: new FakeClock(), random: seededRandom(1), graceMs: 1000, onForgotten() {} },
  );
}

test('healthy hosts take turns and the others get nothing', () => {
  const cluster = roundRobin();
  cluster.applyEndpoints([
    fakeEndpoint(1),
    fakeEndpoint(2, { health: 'draining' }),
    fakeEndpoint(3),
    fakeEndpoint(4, { health: 'unhealthy' }),
  ]);
  const picked = Array.from({ length: 4 }, () => cluster.pick()?.endpoint.host);
  assert.deepEqual(picked.sort(), ['10.0.0.1', '10.0.0.1', '10.0.0.3', '10.0.0.3']);
  assert.equal(cluster.hosts.size, 4);
});

test('a host that was tried is not picked again for that request, but for the next one', () => {
  const cluster = roundRobin();
  cluster.applyEndpoints([fakeEndpoint(1), fakeEndpoint(2)]);
  const first = cluster.pick()!;
  const second = cluster.pick(new Set([first]))!;
  assert.notEqual(second, first);
  assert.equal(cluster.pick(new Set([first, second])), undefined);
  assert.notEqual(cluster.pick(), undefined);
});

test('the service is the host in an Istio cluster name, or the name itself', () => {
  assert.equal(roundRobin().service, 'greeter.default.svc.cluster.local');
  assert.equal(roundRobin('inventory').service, 'inventory');
});
