import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeCluster } from '../generated/envoy.config.cluster.v3.js';
import { decodeListener } from '../generated/envoy.config.listener.v3.js';
import { decodeRouteConfiguration } from '../generated/envoy.config.route.v3.js';
import { decodeDiscoveryResponse, type DiscoveryRequest } from '../generated/envoy.service.discovery.v3.js';
import { listenerReferences, routeReferences } from '../references.js';
import type { Resource } from '../resource.js';
import { buildSnapshot, checkSnapshot } from '../snapshot.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE } from '../type-urls.js';
import { FakeClock } from '@weir/core/testing';
import { assignment, cluster, EngineRig, listener, mesh, namesIn, route } from './engine-rig.test.support.js';
import { SotwType } from './sotw-type.js';
import { SubscriptionEngine } from './subscription-engine.js';

/** A client that has taken in `mesh('old')` whole. */
function settled(...clusters: readonly string[]): EngineRig {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh(...clusters)));
  rig.request(TYPE_CLUSTER);
  rig.ack(rig.read());
  rig.request(TYPE_ENDPOINT, clusters);
  rig.ack(rig.read(), clusters);
  rig.request(TYPE_LISTENER);
  rig.ack(rig.read());
  rig.request(TYPE_ROUTE, ['R']);
  rig.ack(rig.read(), ['R']);
  assert.deepEqual(rig.readAll(), []);
  return rig;
}

test('a route moves to a new cluster after the cluster and its endpoints, and the old cluster goes last', () => {
  const rig = settled('old');
  rig.engine.update(buildSnapshot(mesh('new')));
  const union = rig.read();
  assert.deepEqual(namesIn(union), ['new', 'old']);
  assert.deepEqual(rig.readAll(), [], 'the route waits for the cluster');
  rig.ack(union);
  assert.deepEqual(rig.readAll(), [], 'and for the subscription to its endpoints');
  rig.request(TYPE_ENDPOINT, ['old', 'new'], '2');
  const endpoints = rig.read();
  assert.deepEqual(namesIn(endpoints), ['new']);
  assert.deepEqual(rig.readAll(), [], 'and for its endpoints');
  rig.ack(endpoints, ['old', 'new']);
  const routes = rig.read();
  assert.equal(routes.typeUrl, TYPE_ROUTE);
  assert.deepEqual(rig.readAll(), [], 'the old cluster waits for the route');
  rig.ack(routes, ['R']);
  const exact = rig.read();
  assert.deepEqual(namesIn(exact), ['new']);
  assert.notEqual(exact.versionInfo, union.versionInfo);
  rig.ack(exact);
  assert.deepEqual(rig.readAll(), []);
});

test('a cluster that no route needed goes at once', () => {
  const rig = settled('a', 'b');
  rig.engine.update(buildSnapshot([...mesh('a', 'b'), cluster('c'), assignment('c')]));
  rig.ack(rig.read());
  rig.engine.update(buildSnapshot(mesh('a', 'b')));
  assert.deepEqual(rig.readAll(), ['Cluster: a b']);
});

test('clusters that refused routes still use are kept until the fix is accepted', () => {
  const rig = settled('old');
  rig.engine.update(buildSnapshot([...mesh('new')]));
  rig.ack(rig.read());
  rig.request(TYPE_ENDPOINT, ['old', 'new'], '2');
  rig.ack(rig.read(), ['old', 'new']);
  rig.nack(rig.read(), 'no such matcher', ['R']);
  assert.deepEqual(rig.readAll(), []);
  rig.engine.update(
    buildSnapshot([
      listener('L', 'R'),
      route('R', 'new', 'new'),
      cluster('new'),
      assignment('new', '10.0.0.1'),
    ]),
  );
  rig.ack(rig.read(), ['R']);
  assert.deepEqual(rig.readAll(), ['Cluster: new']);
});

test('endpoints of a cluster about to be removed stay until it is', () => {
  const rig = settled('old');
  rig.engine.update(
    buildSnapshot([listener('L', 'R'), route('R', 'new'), cluster('new'), assignment('new')]),
  );
  assert.deepEqual(rig.readAll(), ['Cluster: new old'], 'no empty assignment for the old one');
});

test('endpoints that lose their source while their cluster stays become empty', () => {
  const rig = settled('a');
  rig.engine.update(buildSnapshot([listener('L', 'R'), route('R', 'a'), cluster('a')]));
  assert.deepEqual(rig.readAll(), ['ClusterLoadAssignment: a']);
});

test('a client that refuses clusters gets its routes all the same', () => {
  const rig = settled('a');
  rig.engine.update(
    buildSnapshot([listener('L', 'R'), route('R', 'a', 'a'), cluster('a', 1), assignment('a', '10.0.0.1')]),
  );
  rig.nack(rig.read(), 'connect_timeout: too small');
  assert.deepEqual(rig.readAll(), ['RouteConfiguration: R']);
});

test('routes wait for clusters no longer than two seconds', () => {
  const rig = settled('old');
  rig.engine.update(buildSnapshot(mesh('new')));
  rig.read();
  rig.clock.advance(1999);
  assert.deepEqual(rig.readAll(), []);
  rig.clock.advance(1);
  assert.deepEqual(rig.readAll(), ['RouteConfiguration: R']);
  assert.equal(rig.clock.pendingTimers, 0);
});

test('a steady stream of endpoint changes does not hold up routes', () => {
  const rig = settled('a');
  rig.engine.update(
    buildSnapshot([listener('L', 'R'), route('R', 'a'), cluster('a'), assignment('a', '10.0.0.2')]),
  );
  rig.engine.update(
    buildSnapshot([listener('L', 'R'), route('R', 'a', 'a'), cluster('a'), assignment('a', '10.0.0.3')]),
  );
  assert.deepEqual(rig.readAll(), ['ClusterLoadAssignment: a', 'RouteConfiguration: R']);
});

/** What a sidecar holds, fed in order by two queues that the test drains one message at a time. */
class QueuedSidecar {
  readonly listeners = new Map<string, readonly string[]>();
  readonly routes = new Map<string, readonly string[]>();
  readonly clusters = new Set<string>();
  readonly endpoints = new Set<string>();
  readonly #toClient: Uint8Array[] = [];
  readonly #toServer: DiscoveryRequest[] = [];
  readonly #nonces = new Map<string, string>();
  readonly engine = new SubscriptionEngine<DiscoveryRequest>({
    createType: (typeUrl, clock) => new SotwType(typeUrl, clock),
    clock: new FakeClock(),
    send: (bytes) => void this.#toClient.push(bytes),
  });

  constructor() {
    this.#request(TYPE_CLUSTER);
    this.#request(TYPE_LISTENER);
  }

  get isQuiet(): boolean {
    return this.#toClient.length === 0 && this.#toServer.length === 0;
  }

  deliverToServer(): void {
    const request = this.#toServer.shift();
    if (request !== undefined) this.engine.receive(request);
  }

  deliverToClient(): void {
    const bytes = this.#toClient.shift();
    if (bytes === undefined) return;
    const response = decodeDiscoveryResponse(bytes);
    const typeUrl = response.typeUrl ?? '';
    const values = (response.resources ?? []).map(({ value }) => value ?? new Uint8Array(0));
    this.#nonces.set(typeUrl, response.nonce ?? '');
    if (typeUrl === TYPE_CLUSTER) {
      this.clusters.clear();
      for (const value of values) this.clusters.add(decodeCluster(value).name ?? '');
      for (const name of this.endpoints) if (!this.clusters.has(name)) this.endpoints.delete(name);
      this.#request(TYPE_ENDPOINT);
    } else if (typeUrl === TYPE_LISTENER) {
      this.listeners.clear();
      for (const value of values) {
        const decoded = decodeListener(value);
        this.listeners.set(
          decoded.name ?? '',
          listenerReferences(decoded).map(({ name }) => name),
        );
      }
      const wanted = this.#routeNames();
      for (const name of this.routes.keys()) if (!wanted.includes(name)) this.routes.delete(name);
      this.#request(TYPE_ROUTE);
    } else if (typeUrl === TYPE_ROUTE) {
      for (const value of values) {
        const decoded = decodeRouteConfiguration(value);
        if (!this.#routeNames().includes(decoded.name ?? '')) continue;
        this.routes.set(
          decoded.name ?? '',
          routeReferences(decoded).map(({ name }) => name),
        );
      }
    } else {
      for (const name of namesIn(response)) if (this.clusters.has(name)) this.endpoints.add(name);
    }
    this.#request(typeUrl);
  }

  /** Clusters that a route would send to and that could not serve. */
  unusable(): readonly string[] {
    const needed = new Set([...this.routes.values()].flat());
    return [...needed].filter((name) => !this.clusters.has(name) || !this.endpoints.has(name));
  }

  #routeNames(): readonly string[] {
    return [...new Set([...this.listeners.values()].flat())];
  }

  #request(typeUrl: string): void {
    const names = { [TYPE_ENDPOINT]: [...this.clusters], [TYPE_ROUTE]: this.#routeNames() }[typeUrl] ?? [];
    const isFirst = !this.#nonces.has(typeUrl);
    if (isFirst && names.length === 0 && (typeUrl === TYPE_ENDPOINT || typeUrl === TYPE_ROUTE)) return;
    this.#toServer.push({ typeUrl, resourceNames: names, responseNonce: this.#nonces.get(typeUrl) ?? '' });
  }
}

const someClusters = fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1 });
const someConfiguration = fc
  .record({ R: someClusters, S: fc.option(someClusters), port: fc.constantFrom('10.0.0.1', '10.0.0.2') })
  .map(({ R, S, port }): readonly Resource[] => {
    const names = [...new Set([...R, ...(S ?? [])])];
    const second = S === null ? [] : [listener('M', 'S'), route('S', ...S)];
    const clusters = names.flatMap((name) => [cluster(name), assignment(name, port)]);
    return [listener('L', 'R'), route('R', ...R), ...second, ...clusters];
  });
const someStep = fc.oneof(
  { weight: 1, arbitrary: someConfiguration },
  { weight: 1, arbitrary: fc.constant('settle' as const) },
  { weight: 8, arbitrary: fc.constantFrom('to-client' as const, 'to-server' as const) },
);

test('whatever changes when, no route ever points to a cluster without endpoints, and all ends at the latest', () => {
  const property = fc.property(
    someConfiguration,
    fc.array(someStep, { minLength: 20, maxLength: 120 }),
    (first, steps) => {
      const sidecar = new QueuedSidecar();
      let latest = buildSnapshot(first);
      sidecar.engine.update(latest);
      const settle = () => {
        for (let turns = 0; !sidecar.isQuiet; turns++) {
          assert.ok(turns < 200, 'the stream never comes to rest');
          step('to-server');
          step('to-client');
        }
      };
      const step = (what: (typeof steps)[number]) => {
        if (what === 'to-client') sidecar.deliverToClient();
        else if (what === 'to-server') sidecar.deliverToServer();
        else if (what === 'settle') settle();
        else {
          latest = buildSnapshot(what, latest);
          assert.deepEqual(checkSnapshot(latest), []);
          sidecar.engine.update(latest);
        }
        assert.deepEqual(sidecar.unusable(), []);
      };
      for (const what of steps) step(what);
      settle();
      assert.deepEqual([...sidecar.clusters].sort(), [...latest.types[TYPE_CLUSTER].resources.keys()].sort());
      assert.deepEqual([...sidecar.endpoints].sort(), [...sidecar.clusters].sort());
      assert.deepEqual(
        [...sidecar.listeners.keys()].sort(),
        [...latest.types[TYPE_LISTENER].resources.keys()].sort(),
      );
      for (const [name, clusters] of sidecar.routes) {
        assert.deepEqual(
          clusters,
          latest.types[TYPE_ROUTE].resources.get(name)?.references.map((to) => to.name),
        );
      }
      assert.equal(sidecar.routes.size, latest.types[TYPE_ROUTE].resources.size);
    },
  );
  fc.assert(property, { seed: 2, numRuns: 300 });
});
