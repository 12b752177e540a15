import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '@weir/core';
import {
  KubeApiError,
  type KubeApiObject,
  type KubeRequest,
  type ListResult,
  type WatchHandlers,
} from '@weir/core/kube';
import { FakeClock } from '@weir/core/testing';
import { followService } from './follow-service.js';
import { parseK8sTarget } from './k8s-target.js';

interface PortOfSlice {
  readonly name: string;
  readonly port: number;
}

function slice(name: string, ports: readonly PortOfSlice[], ...addresses: string[]): KubeApiObject {
  return {
    metadata: { name, namespace: 'shop' },
    addressType: 'IPv4',
    ports,
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  };
}

/** The API server answers when the test says so; what the listener hears is noted. */
class Rig {
  readonly clock = new FakeClock();
  readonly lists: { readonly request: KubeRequest; readonly answer: (result: ListResult) => void }[] = [];
  readonly watches: WatchHandlers[] = [];
  readonly heard: string[] = [];
  readonly warnings: string[] = [];
  readonly stop: () => void;

  constructor(target: string) {
    this.stop = followService({
      transport: {
        list: (request, answer) => {
          this.lists.push({ request, answer });
          return () => {};
        },
        watch: (_request, handlers) => {
          this.watches.push(handlers);
          return () => {};
        },
      },
      clock: this.clock,
      random: seededRandom(1),
      target: parseK8sTarget(target),
      namespace: 'shop',
      zone: '',
      listener: {
        found: (endpoints, note) => {
          const list = endpoints.map(({ host, port }) => `${host}:${port}`).join(' ');
          this.heard.push(list === '' ? `none: ${note}` : list);
        },
        failed: (details) => this.heard.push(`failed: ${details}`),
      },
      warn: (message) => this.warnings.push(message),
    });
  }

  answer(...items: KubeApiObject[]): void {
    this.lists.shift()!.answer({ list: { metadata: { resourceVersion: '1' }, items } });
  }

  refuse(status: number): void {
    this.lists.shift()!.answer({ error: new KubeApiError('no', { status }) });
  }
}

const GRPC = { name: 'grpc', port: 8080 };
const METRICS = { name: 'metrics', port: 9090 };

describe('followService', () => {
  it('asks for the slices of the Service and tells of their endpoints together', () => {
    const rig = new Rig('greeter:80');
    assert.equal(rig.lists[0]!.request.path, '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices');
    assert.equal(rig.lists[0]!.request.params['labelSelector'], 'kubernetes.io/service-name=greeter');
    rig.answer(slice('a', [GRPC], '10.0.0.1'), slice('b', [GRPC], '10.0.0.2'));
    assert.deepEqual(rig.heard, ['10.0.0.1:8080 10.0.0.2:8080']);
  });

  it('says that there is no such Service, or nothing ready in it', () => {
    const rig = new Rig('greeter:80');
    rig.answer();
    assert.match(rig.heard[0]!, /^none: Service greeter\.shop has no EndpointSlice/);
    rig.watches[0]!.onOpen();
    rig.watches[0]!.onEvent({ type: 'ADDED', object: slice('a', [GRPC]) });
    assert.match(rig.heard[1]!, /^none: no endpoint of Service greeter\.shop is ready/);
  });

  it('asks the Service which of several ports has a number', () => {
    const rig = new Rig('greeter:80');
    rig.answer(slice('a', [GRPC, METRICS], '10.0.0.1'));
    assert.deepEqual(rig.heard, []);
    assert.equal(rig.lists[0]!.request.params['fieldSelector'], 'metadata.name=greeter');
    rig.answer({
      metadata: {},
      spec: {
        ports: [
          { name: 'metrics', port: 1 },
          { name: 'grpc', port: 80 },
        ],
      },
    });
    assert.deepEqual(rig.heard, ['10.0.0.1:8080']);
  });

  it('takes the number for that of the pods when it may not see the Service, and says so', () => {
    const rig = new Rig('greeter:9090');
    rig.answer(slice('a', [GRPC, METRICS], '10.0.0.1'));
    rig.refuse(403);
    assert.deepEqual(rig.heard, ['10.0.0.1:9090']);
    assert.match(rig.warnings[0]!, /resources: \["services"\]/);
  });

  it('fails while nothing is known, and only warns once something is', () => {
    const rig = new Rig('greeter:80');
    rig.refuse(403);
    assert.match(rig.heard[0]!, /^failed: .*resources: \["endpointslices"\]/);
    rig.clock.advance(1000);
    rig.answer(slice('a', [GRPC], '10.0.0.1'));
    assert.deepEqual(rig.heard.slice(1), ['10.0.0.1:8080']);
    for (let attempt = 0; attempt < 8; attempt++) {
      rig.watches.at(-1)!.onEnd(new KubeApiError('no', { status: 403 }));
      rig.clock.advance(29_000);
    }
    assert.equal(rig.heard.length, 2);
    assert.equal(rig.warnings.length, 1);
    assert.match(rig.warnings[0]!, /cannot watch .* The endpoints known so far stay in use/);
  });

  it('asks for nothing any more when it is stopped', () => {
    const rig = new Rig('greeter:80');
    rig.answer(slice('a', [GRPC], '10.0.0.1'));
    rig.stop();
    assert.equal(rig.clock.pendingTimers, 0);
  });
});
