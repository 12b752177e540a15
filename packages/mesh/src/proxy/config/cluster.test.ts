import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultOutlierSettings, noCircuitLimits, seededRandom } from '@weir/core';
import { FakeClock, fakeEndpoint } from '@weir/core/testing';
import { clusterSettings } from './cluster-settings/cluster-settings.test.support.js';
import type { ClusterSettings } from './cluster-settings/read-cluster.js';
import { Cluster } from './cluster.js';

function setUp(change: Partial<ClusterSettings> = {}) {
  const clock = new FakeClock();
  const options = { clock, random: seededRandom(1), graceMs: 1000, onForgotten() {} };
  return { clock, cluster: new Cluster(clusterSettings('a', change), options) };
}

function roundRobin(name = 'outbound|50051|v1|greeter.default.svc.cluster.local') {
  return setUp({ name }).cluster;
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

function balancing(change: Partial<ClusterSettings['balancing']>): ClusterSettings['balancing'] {
  return { ...clusterSettings('a').balancing, ...change };
}

const twoInARow = { ...defaultOutlierSettings, consecutive5xx: 2, maxEjectionPercent: 50 };

/** The hosts that are picked in eight turns. */
function hostsPicked(cluster: Cluster): string[] {
  return [...new Set(Array.from({ length: 8 }, () => cluster.pick()?.endpoint.host ?? 'none'))].sort();
}

test('a host that fails too often gets nothing until its ejection is over', () => {
  const { clock, cluster } = setUp({ outlier: twoInARow });
  cluster.applyEndpoints([fakeEndpoint(1), fakeEndpoint(2)]);
  const host = cluster.hosts.get(fakeEndpoint(1).address)!;
  for (let call = 0; call < 2; call++) cluster.outlier!.answered(host, 200, 14);
  assert.deepEqual(hostsPicked(cluster), ['10.0.0.2']);
  clock.advance(40_000);
  assert.deepEqual(hostsPicked(cluster), ['10.0.0.1', '10.0.0.2']);
});

test('an ejection outlives an update of endpoints and settings, and ends with the detection', () => {
  const { cluster } = setUp({ outlier: twoInARow });
  cluster.applyEndpoints([fakeEndpoint(1), fakeEndpoint(2)]);
  const host = cluster.hosts.get(fakeEndpoint(1).address)!;
  for (let call = 0; call < 2; call++) cluster.outlier!.reset(host);
  cluster.applyEndpoints([fakeEndpoint(1), fakeEndpoint(2), fakeEndpoint(3)]);
  cluster.configure(
    clusterSettings('a', { outlier: twoInARow, balancing: balancing({ policy: { name: 'random' } }) }),
  );
  assert.ok(!hostsPicked(cluster).includes('10.0.0.1'));
  assert.equal(cluster.outlier?.counts.get('consecutive_5xx')?.enforced, 1);
  cluster.configure(clusterSettings('a'));
  assert.equal(cluster.outlier, undefined);
  assert.deepEqual(hostsPicked(cluster), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
});

test('a host that was ejected and comes back when nobody detects any more is picked', () => {
  const { cluster } = setUp({ outlier: twoInARow });
  cluster.applyEndpoints([fakeEndpoint(1), fakeEndpoint(2)]);
  const host = cluster.hosts.get(fakeEndpoint(1).address)!;
  for (let call = 0; call < 2; call++) cluster.outlier!.reset(host);
  cluster.applyEndpoints([fakeEndpoint(2)]);
  cluster.configure(clusterSettings('a'));
  cluster.applyEndpoints([fakeEndpoint(1), fakeEndpoint(2)]);
  assert.equal(cluster.hosts.get(fakeEndpoint(1).address), host);
  assert.deepEqual(hostsPicked(cluster), ['10.0.0.1', '10.0.0.2']);
});

test('limits and retry budget take new settings and remember what goes on', () => {
  const { cluster } = setUp({ limits: { ...noCircuitLimits, maxRequests: 2 } });
  const { limits, retryBudget } = cluster;
  assert.ok(limits.requests.tryAcquire() && limits.requests.tryAcquire());
  assert.ok(retryBudget.tryStartRetry());
  cluster.configure(
    clusterSettings('a', {
      limits: { ...noCircuitLimits, maxRequests: 1 },
      retryBudget: { budgetPercent: 0, minRetryConcurrency: 1 },
    }),
  );
  assert.equal(cluster.limits, limits);
  limits.requests.release();
  assert.equal(limits.requests.tryAcquire(), false);
  assert.equal(retryBudget.tryStartRetry(), false);
});

test('a cluster that is closed leaves no timer behind', () => {
  const { clock, cluster } = setUp({ outlier: twoInARow });
  cluster.applyEndpoints([fakeEndpoint(1)]);
  assert.equal(clock.pendingTimers, 1);
  cluster.close();
  assert.equal(clock.pendingTimers, 0);
});

test('a later priority has what the first cannot bear, and a request may avoid one', () => {
  const { cluster } = setUp();
  const near = [1, 2].map((number) => fakeEndpoint(number));
  const far = fakeEndpoint(3, { priority: 1 });
  cluster.applyEndpoints([...near, far]);
  assert.deepEqual(hostsPicked(cluster), ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual(
    [...cluster.priorityLoads],
    [
      [0, 100],
      [1, 0],
    ],
  );
  assert.equal(cluster.pick(undefined, undefined, new Set([0]))?.endpoint.host, '10.0.0.3');
  const unhealthy = near.map((endpoint) => ({ ...endpoint, health: 'unhealthy' as const }));
  cluster.applyEndpoints([...unhealthy, far]);
  assert.deepEqual(hostsPicked(cluster), ['10.0.0.3']);
});

test('how far a priority may be from full strength is for the endpoints to say', () => {
  const { cluster } = setUp();
  const endpoints = [
    fakeEndpoint(1),
    fakeEndpoint(2, { health: 'unhealthy' }),
    fakeEndpoint(3, { priority: 1 }),
  ];
  cluster.applyEndpoints(endpoints);
  assert.equal(cluster.priorityLoads.get(0), 70);
  cluster.applyEndpoints(endpoints, 100);
  assert.equal(cluster.priorityLoads.get(0), 50);
});

test('a hash binds requests to a host, and only where the policy goes by it', () => {
  const { cluster } = setUp();
  assert.equal(cluster.bindsByHash, false);
  const ring = { name: 'ring_hash', minimumRingSize: 1024, maximumRingSize: 4096 } as const;
  cluster.configure(clusterSettings('a', { balancing: balancing({ policy: ring }) }));
  assert.equal(cluster.bindsByHash, true);
  cluster.applyEndpoints([1, 2, 3].map((number) => fakeEndpoint(number)));
  const hosts = Array.from({ length: 20 }, () => cluster.pick(undefined, { high: 77, low: 1 }));
  assert.equal(new Set(hosts).size, 1);
});

test('the weights of localities divide the requests where they are to', () => {
  const { cluster } = setUp({ balancing: balancing({ localityWeighted: true }) });
  cluster.applyEndpoints([
    fakeEndpoint(1, { locality: 'a', localityWeight: 9 }),
    fakeEndpoint(2, { locality: 'b', localityWeight: 1 }),
  ]);
  const picks = Array.from({ length: 1000 }, () => cluster.pick()?.endpoint.host);
  const near = picks.filter((host) => host === '10.0.0.1').length;
  assert.ok(near > 850 && near < 950, `${near} of 1000`);
});
