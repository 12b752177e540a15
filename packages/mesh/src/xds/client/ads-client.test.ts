import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@weir/core';
import { FakeClock } from '@weir/core/testing';
import {
  decodeDiscoveryRequest,
  encodeDiscoveryResponse,
  encodeResource,
  type DiscoveryRequest,
} from '../generated/envoy.service.discovery.v3.js';
import { clusterResource, endpointResource } from '../resource.js';
import { jsonOfStruct } from '../struct.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE } from '../type-urls.js';
import { AdsClient, type AdsConnect, type AdsHandler } from './ads-client.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A client over streams that the test plays the server of. */
class ClientRig {
  readonly clock = new FakeClock();
  /** Requests on the present stream that the test has not read. */
  requests: DiscoveryRequest[] = [];
  streams = 0;
  closed = 0;
  refuse: Error | undefined;
  #events: Parameters<AdsConnect>[0] | undefined;
  readonly client: AdsClient;

  constructor(handler: AdsHandler = { apply: () => [] }) {
    this.client = new AdsClient({
      connect: (events) => {
        this.streams += 1;
        this.#events = events;
        this.requests = [];
        if (this.refuse !== undefined) events.onEnd(this.refuse);
        return {
          send: (bytes) => void this.requests.push(decodeDiscoveryRequest(bytes)),
          close: () => void (this.closed += 1),
        };
      },
      node: { id: 'sidecar~1', metadata: { NAMESPACE: 'default' } },
      clock: this.clock,
      random: seededRandom(1),
      logger: silent,
      handler,
    });
  }

  request(): DiscoveryRequest {
    const request = this.requests.shift();
    if (request === undefined) throw new Error('no request was sent');
    return request;
  }

  respond(typeUrl: string, versionInfo: string, nonce: string, ...names: readonly string[]): void {
    const make =
      typeUrl === TYPE_ENDPOINT ? (name: string) => endpointResource({ clusterName: name }) : clusterOf;
    const resources = names.map(make).map(({ bytes }) => ({ typeUrl, value: bytes }));
    this.#events?.onMessage(encodeDiscoveryResponse({ typeUrl, versionInfo, nonce, resources }));
  }

  receive(bytes: Uint8Array): void {
    this.#events?.onMessage(bytes);
  }

  end(): void {
    this.#events?.onEnd(new Error('connection reset'));
  }
}

function clusterOf(name: string) {
  return clusterResource({ name });
}

test('the node goes with the first request of a stream only', () => {
  const rig = new ClientRig();
  rig.client.subscribe(TYPE_LISTENER, 'wildcard');
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.start();
  const [clusters, listeners] = [rig.request(), rig.request()];
  assert.equal(clusters.typeUrl, TYPE_CLUSTER, 'clusters first');
  assert.equal(clusters.node?.id, 'sidecar~1');
  assert.equal(clusters.node?.userAgentName, 'weir');
  assert.deepEqual(jsonOfStruct(clusters.node?.metadata ?? {}), { NAMESPACE: 'default' });
  assert.equal(listeners.node, undefined);
});

test('a wildcard subscription names nothing', () => {
  const rig = new ClientRig();
  rig.client.start();
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  assert.equal(rig.request().resourceNames, undefined);
});

test('an empty subscription by name asks for nothing, since an empty list would ask for all', () => {
  const rig = new ClientRig();
  rig.client.start();
  rig.client.subscribe(TYPE_ENDPOINT, new Set());
  assert.deepEqual(rig.requests, []);
});

test('an accepted response is acknowledged with its version and nonce', () => {
  const applied: unknown[] = [];
  const rig = new ClientRig({
    apply: (typeUrl, version, resources) => {
      applied.push([typeUrl, version, resources.length]);
      return [];
    },
  });
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.start();
  rig.request();
  rig.respond(TYPE_CLUSTER, 'v1', 'n1', 'a', 'b');
  assert.deepEqual(applied, [[TYPE_CLUSTER, 'v1', 2]]);
  assert.deepEqual(rig.request(), { typeUrl: TYPE_CLUSTER, versionInfo: 'v1', responseNonce: 'n1' });
});

test('a refused response is answered with the errors, the version before and the new nonce', () => {
  let errors: readonly string[] = [];
  const rig = new ClientRig({ apply: () => errors });
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.start();
  rig.request();
  rig.respond(TYPE_CLUSTER, 'v1', 'n1', 'a');
  rig.request();
  errors = ['a: no address', 'b: bad port'];
  rig.respond(TYPE_CLUSTER, 'v2', 'n2', 'a');
  assert.deepEqual(rig.request(), {
    typeUrl: TYPE_CLUSTER,
    versionInfo: 'v1',
    responseNonce: 'n2',
    errorDetail: { code: 3, message: 'a: no address; b: bad port' },
  });
  errors = [];
  rig.respond(TYPE_CLUSTER, 'v3', 'n3', 'a');
  assert.deepEqual(rig.request(), { typeUrl: TYPE_CLUSTER, versionInfo: 'v3', responseNonce: 'n3' });
});

test('a handler that throws refuses the response', () => {
  const rig = new ClientRig({
    apply: () => {
      throw new Error('index out of range');
    },
  });
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.start();
  rig.request();
  rig.respond(TYPE_CLUSTER, 'v1', 'n1', 'a');
  assert.equal(rig.request().errorDetail?.message, 'index out of range');
});

test('a resource of another type refuses the response without reaching the handler', () => {
  const rig = new ClientRig({ apply: () => assert.fail('applied') });
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.start();
  rig.request();
  const resources = [{ typeUrl: TYPE_ROUTE, value: new Uint8Array(0) }];
  rig.receive(encodeDiscoveryResponse({ typeUrl: TYPE_CLUSTER, nonce: 'n1', resources }));
  assert.match(rig.request().errorDetail?.message ?? '', /RouteConfiguration/);
});

test('wrapped resources reach the handler with their name', () => {
  const names: (string | undefined)[] = [];
  const rig = new ClientRig({
    apply: (_typeUrl, _version, resources) => {
      names.push(...resources.map(({ name, typeUrl }) => `${name} ${typeUrl === TYPE_CLUSTER}`));
      return [];
    },
  });
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.start();
  const value = encodeResource({
    name: 'a',
    resource: { typeUrl: TYPE_CLUSTER, value: clusterOf('a').bytes },
  });
  const resources = [{ typeUrl: 'type.googleapis.com/envoy.service.discovery.v3.Resource', value }];
  rig.receive(encodeDiscoveryResponse({ typeUrl: TYPE_CLUSTER, nonce: 'n1', resources }));
  assert.deepEqual(names, ['a true']);
});

test('a subscription made while clusters are applied goes out before their acknowledgement', () => {
  const rig: ClientRig = new ClientRig({
    apply: (typeUrl) => {
      if (typeUrl === TYPE_CLUSTER) rig.client.subscribe(TYPE_ENDPOINT, new Set(['a']));
      return [];
    },
  });
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.start();
  rig.request();
  rig.respond(TYPE_CLUSTER, 'v1', 'n1', 'a');
  assert.deepEqual(rig.request(), { typeUrl: TYPE_ENDPOINT, resourceNames: ['a'] });
  assert.equal(rig.request().responseNonce, 'n1');
});

test('a change of the subscription being applied travels in its one answer', () => {
  const rig: ClientRig = new ClientRig({
    apply: (typeUrl) => {
      rig.client.subscribe(typeUrl, new Set(['b']));
      return [];
    },
  });
  rig.client.subscribe(TYPE_ENDPOINT, new Set(['a']));
  rig.client.start();
  rig.request();
  rig.respond(TYPE_ENDPOINT, 'v1', 'n1', 'a');
  assert.deepEqual(rig.request().resourceNames, ['b']);
  assert.deepEqual(rig.requests, []);
});

test('a changed subscription is sent with the latest version and nonce, an unchanged one not at all', () => {
  const rig = new ClientRig();
  rig.client.subscribe(TYPE_ENDPOINT, new Set(['a']));
  rig.client.start();
  rig.request();
  rig.respond(TYPE_ENDPOINT, 'v1', 'n1', 'a');
  rig.request();
  rig.client.subscribe(TYPE_ENDPOINT, new Set(['a']));
  assert.deepEqual(rig.requests, []);
  rig.client.subscribe(TYPE_ENDPOINT, new Set(['a', 'b']));
  const wanted = { typeUrl: TYPE_ENDPOINT, versionInfo: 'v1', responseNonce: 'n1' };
  assert.deepEqual(rig.request(), { ...wanted, resourceNames: ['a', 'b'] });
  rig.client.subscribe(TYPE_ENDPOINT, new Set());
  assert.deepEqual(rig.request(), wanted, 'unsubscribing from the last name is said aloud');
});

test('two types interleaved keep their nonces and versions apart', () => {
  const rig = new ClientRig();
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.subscribe(TYPE_ENDPOINT, new Set(['a']));
  rig.client.start();
  rig.requests.length = 0;
  rig.respond(TYPE_ENDPOINT, 'e1', 'n1', 'a');
  rig.respond(TYPE_CLUSTER, 'c1', 'n2', 'a');
  rig.respond(TYPE_ENDPOINT, 'e2', 'n3', 'a');
  const answers = rig.requests.map(({ versionInfo, responseNonce }) => `${versionInfo} ${responseNonce}`);
  assert.deepEqual(answers, ['e1 n1', 'c1 n2', 'e2 n3']);
});

test('after a broken stream everything is asked for again with the last version and no nonce', () => {
  const rig = new ClientRig();
  rig.client.subscribe(TYPE_ENDPOINT, new Set(['a']));
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.start();
  rig.respond(TYPE_CLUSTER, 'v7', 'n7', 'a');
  rig.end();
  rig.clock.advance(1000);
  assert.equal(rig.streams, 2);
  const [clusters, endpoints] = [rig.request(), rig.request()];
  assert.equal(clusters.node?.id, 'sidecar~1');
  assert.equal(clusters.versionInfo, 'v7');
  assert.equal(clusters.responseNonce, undefined);
  assert.deepEqual(endpoints, { typeUrl: TYPE_ENDPOINT, resourceNames: ['a'] });
});

test('a subscription made while away is asked for after reconnecting', () => {
  const rig = new ClientRig();
  rig.client.start();
  rig.end();
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  assert.deepEqual(rig.requests, []);
  rig.clock.advance(1000);
  assert.equal(rig.request().typeUrl, TYPE_CLUSTER);
});

test('attempts grow apart to less than three seconds, jittered, and start close again once the server was heard', () => {
  const rig = new ClientRig();
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.refuse = new Error('connection refused');
  rig.client.start();
  const nextDelayMs = () => {
    const [before, from] = [rig.streams, rig.clock.nowMs()];
    while (rig.streams === before) rig.clock.advance(10);
    return rig.clock.nowMs() - from;
  };
  const delays = Array.from({ length: 14 }, nextDelayMs);
  delays.forEach((delayMs, failures) => {
    const mean = Math.min(1_750, 500 * 1.6 ** failures);
    assert.ok(
      delayMs >= mean * 0.5 - 10 && delayMs <= mean * 1.5 + 10,
      `${delayMs} after ${failures} failures`,
    );
  });
  assert.ok(new Set(delays.slice(-4)).size > 1, 'jittered');
  rig.refuse = undefined;
  nextDelayMs();
  rig.respond(TYPE_CLUSTER, 'v1', 'n1');
  rig.end();
  assert.ok(nextDelayMs() <= 760);
});

test('connected means that the server was heard on the present stream', () => {
  const changes: boolean[] = [];
  const rig = new ClientRig({
    apply: () => [],
    connectionChanged: (connected) => void changes.push(connected),
  });
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.start();
  assert.equal(rig.client.connected, false);
  rig.respond(TYPE_CLUSTER, 'v1', 'n1');
  assert.equal(rig.client.connected, true);
  rig.end();
  assert.equal(rig.client.connected, false);
  assert.deepEqual(changes, [true, false]);
});

test('what is no DiscoveryResponse breaks the stream', () => {
  const rig = new ClientRig();
  rig.client.start();
  rig.receive(Uint8Array.of(0x0a, 0xff));
  assert.equal(rig.closed, 1);
  rig.clock.advance(1000);
  assert.equal(rig.streams, 2);
});

test('a response of a type nobody asked for is left unanswered', () => {
  const rig = new ClientRig({ apply: () => assert.fail('applied') });
  rig.client.start();
  rig.respond(TYPE_CLUSTER, 'v1', 'n1');
  assert.deepEqual(rig.requests, []);
});

test('a stopped client closes its stream, ignores what still comes and does not return', () => {
  const rig = new ClientRig({ apply: () => assert.fail('applied') });
  rig.client.subscribe(TYPE_CLUSTER, 'wildcard');
  rig.client.start();
  rig.client.stop();
  assert.equal(rig.closed, 1);
  rig.respond(TYPE_CLUSTER, 'v1', 'n1', 'a');
  rig.end();
  rig.clock.advance(60_000);
  assert.equal(rig.streams, 1);
  assert.equal(rig.clock.pendingTimers, 0);
});

test('a client stopped while away does not return, and starts again when told to', () => {
  const rig = new ClientRig();
  rig.client.start();
  rig.end();
  rig.client.stop();
  rig.clock.advance(60_000);
  assert.equal(rig.streams, 1);
  rig.client.start();
  assert.equal(rig.streams, 2);
});
