import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeOrcaLoadReport, LOAD_TRAILER, seededRandom } from '@weir/core';
import { FakeClock } from '@weir/core/testing';
import { noMetrics } from '../telemetry/metric-sink.js';
import { BalancingPolicy, type BalancingConfig } from './balancing-policy.js';
import { balancingPolicyTypes } from './balancing-policy-types.js';
import type { ClientHost } from './client-host.js';
import type {
  ConnectionState,
  EndHandler,
  Leaf,
  PickRequest,
  PolicyChannel,
  ResolvedEndpoint,
  TrailerLookup,
} from './policy.js';

class FakeLeaf implements Leaf {
  state: ConnectionState = 'idle';
  asked: EndHandler | undefined;
  destroyed = false;
  readonly #onChange: (error: string | undefined) => void;
  constructor(onChange: (error: string | undefined) => void) {
    this.#onChange = onChange;
  }
  become(state: ConnectionState, error?: string): void {
    this.state = state;
    this.#onChange(error);
  }
  connect(): void {
    this.become('connecting');
  }
  ask(_path: string, _timeoutMs: number, onEnd: EndHandler): (() => void) | undefined {
    if (this.state !== 'ready') return undefined;
    this.asked = onEnd;
    return () => (this.asked = undefined);
  }
  destroy(): void {
    this.destroyed = true;
  }
}

const noTrailers: TrailerLookup = () => undefined;
const request: PickRequest = { routeHash: undefined, header: () => undefined };

class Rig implements PolicyChannel {
  readonly target = 'static:///a:1';
  readonly clock = new FakeClock();
  readonly leaves = new Map<string, FakeLeaf>();
  readonly published: string[] = [];
  resolutions = 0;
  onPublish = (): void => {};
  readonly policy: BalancingPolicy;
  readonly config: BalancingConfig;

  constructor(name = 'weir_least_request', json: object = {}) {
    const around = { clock: this.clock, random: seededRandom(3), metrics: noMetrics };
    const type = balancingPolicyTypes(around).find((one) => one.name === name)!;
    this.config = type.parse(json);
    this.policy = new BalancingPolicy(name, this, around);
  }
  createLeaf({ address }: ResolvedEndpoint, onChange: (error: string | undefined) => void): Leaf {
    const leaf = new FakeLeaf(onChange);
    this.leaves.set(address, leaf);
    return leaf;
  }
  publish(state: ConnectionState, error?: string): void {
    this.published.push(error === undefined ? state : `${state}: ${error}`);
    this.onPublish();
  }
  requestResolution(): void {
    this.resolutions += 1;
  }

  update(...names: string[]): void {
    const details = { weight: 1, locality: '', pod: '' };
    this.policy.update(
      names.map((name) => ({ address: `${name}:1`, details, origin: {} })),
      this.config,
      '',
    );
  }
  become(state: ConnectionState, ...names: string[]): void {
    for (const name of names) this.leaves.get(`${name}:1`)!.become(state);
  }
  pick(): ClientHost {
    const verdict = this.policy.pick(request);
    assert.ok(typeof verdict === 'object' && 'leaf' in verdict, JSON.stringify(verdict));
    return verdict;
  }
  call(): string {
    const host = this.pick();
    const observer = this.policy.begin(host);
    observer.started('/a/b');
    observer.ended(0, noTrailers);
    return host.endpoint.host;
  }
}

describe('BalancingPolicy', () => {
  it('connects to every endpoint and picks among those that are connected', () => {
    const rig = new Rig();
    rig.update('a', 'b', 'c');
    assert.equal(rig.policy.pick(request), 'wait');
    rig.become('failed', 'c');
    rig.become('ready', 'a', 'b');
    const called = new Set(Array.from({ length: 20 }, () => rig.call()));
    assert.deepEqual([...called].sort(), ['a', 'b']);
    assert.equal(rig.published.at(-1), 'ready');
  });

  it('lets the first connection wait for the others a moment, but no longer', () => {
    const rig = new Rig();
    rig.update('a', 'b');
    rig.become('ready', 'a');
    assert.equal(rig.policy.pick(request), 'wait');
    rig.clock.advance(20);
    assert.equal(rig.call(), 'a');
    assert.equal(rig.published.at(-1), 'ready');
  });

  it('fails calls with the last error when no endpoint can be reached', () => {
    const rig = new Rig();
    rig.update('a', 'b');
    rig.become('failed', 'a');
    rig.leaves.get('b:1')!.become('failed', 'connection refused');
    assert.deepEqual(rig.policy.pick(request), { failure: 'weir_least_request: b:1: connection refused' });
  });

  it('keeps connection and statistics of an endpoint through updates, and drops those that are gone', () => {
    const rig = new Rig();
    rig.update('a', 'b');
    rig.become('ready', 'a', 'b');
    for (let call = 0; call < 10; call++) rig.call();
    const [a, b] = [rig.leaves.get('a:1')!, rig.leaves.get('b:1')!];
    rig.update('b', 'c');
    assert.equal(rig.leaves.get('b:1'), b);
    assert.deepEqual([a.destroyed, b.destroyed], [true, false]);
    const described = rig.policy.describe().endpoints;
    assert.deepEqual(
      described.map(({ address, started }) => [address, started > 0]),
      [
        ['b:1', true],
        ['c:1', false],
      ],
    );
  });

  it('counts a call from its pick on, and no longer when no stream comes of it', () => {
    const rig = new Rig();
    rig.update('a');
    rig.become('ready', 'a');
    const host = rig.pick();
    const observer = rig.policy.begin(host);
    assert.equal(host.stats.inFlight, 1);
    rig.clock.advance(0);
    assert.deepEqual([host.stats.inFlight, host.stats.started], [0, 0]);
    observer.started('/a/b');
    assert.deepEqual([host.stats.inFlight, host.stats.started], [1, 1]);
    observer.ended(1, noTrailers);
    assert.deepEqual([host.stats.inFlight, host.stats.failed], [0, 0]);
  });

  it('measures to the first header, and takes what the endpoint says of itself from the trailers', () => {
    const rig = new Rig('weir_p2c_ewma');
    rig.update('a');
    rig.become('ready', 'a');
    const host = rig.pick();
    const observer = rig.policy.begin(host);
    observer.started('/a/b');
    rig.clock.advance(40);
    observer.answered();
    rig.clock.advance(5000);
    const trailers = encodeOrcaLoadReport({ requestsInFlight: 7 });
    observer.ended(0, (name) => (name === LOAD_TRAILER ? trailers : undefined));
    const [endpoint] = rig.policy.describe().endpoints;
    assert.equal(endpoint!.latencyMs, 40);
    assert.equal(endpoint!.load?.requestsInFlight, 7);
  });

  it('takes what an endpoint cannot do for its failure, and what the caller did wrong not', () => {
    const rig = new Rig();
    rig.update('a');
    rig.become('ready', 'a');
    for (const code of [0, 1, 3, 5, 7, 16, 2, 4, 8, 13, 14, 15]) {
      const observer = rig.policy.begin(rig.pick());
      observer.started('/a/b');
      observer.ended(code, noTrailers);
    }
    const { endpoints, attemptsByCode } = rig.policy.describe();
    assert.equal(endpoints[0]!.failed, 6);
    assert.equal(attemptsByCode['resource-exhausted'], 1);
  });

  it('asks the resolver again, and connects again, when a connection is lost', () => {
    const rig = new Rig();
    rig.update('a', 'b');
    rig.become('ready', 'a', 'b');
    rig.become('idle', 'a');
    assert.equal(rig.resolutions, 1);
    assert.equal(rig.leaves.get('a:1')!.state, 'connecting');
    assert.equal(rig.call(), 'b');
  });

  it('waits for the endpoint that a call is bound to while it connects', () => {
    const rig = new Rig('weir_ring_hash', { hashHeader: 'x-user' });
    rig.update('a', 'b');
    rig.become('ready', 'a', 'b');
    const bound: PickRequest = { routeHash: undefined, header: () => 'ann' };
    const { endpoint } = rig.policy.pick(bound) as ClientHost;
    rig.leaves.get(endpoint.address)!.become('idle');
    assert.equal(rig.policy.pick(bound), 'wait');
    rig.leaves.get(endpoint.address)!.become('failed');
    assert.notEqual((rig.policy.pick(bound) as ClientHost).endpoint, endpoint);
  });

  it('takes many changes of connections together once it is up', () => {
    const rig = new Rig();
    const names = Array.from({ length: 100 }, (_, index) => `e${index}`);
    rig.update(...names);
    rig.become('ready', ...names);
    const before = rig.published.length;
    rig.become('idle', ...names.slice(0, 50));
    assert.equal(rig.published.length, before);
    rig.clock.advance(0);
    assert.equal(rig.published.length, before + 1);
  });

  it('picks after the probes for Prequal in sync mode, for each call that waits once', () => {
    const rig = new Rig('weir_prequal', { mode: 'sync', sampleSize: 2 });
    rig.update('a', 'b');
    rig.become('ready', 'a', 'b');
    let waiting = 0;
    const picked: string[] = [];
    const pick = (): void => {
      const verdict = rig.policy.pick(request);
      if (verdict === 'wait') waiting += 1;
      else picked.push((verdict as ClientHost).endpoint.host);
    };
    rig.onPublish = () => {
      const again = waiting;
      waiting = 0;
      for (let call = 0; call < again; call++) pick();
    };
    pick();
    pick();
    assert.deepEqual([waiting, picked], [2, []]);
    rig.clock.advance(100);
    assert.equal(picked.length, 2);
    assert.equal(waiting, 0);
  });

  it('leaves an endpoint alone for five minutes that does not know probes', () => {
    const rig = new Rig('weir_prequal', { idleProbesPerSecond: 10 });
    rig.update('a', 'b');
    rig.become('ready', 'a', 'b');
    const leaf = rig.leaves.get('a:1')!;
    for (let step = 0; step < 100 && leaf.asked === undefined; step++) rig.clock.advance(40);
    leaf.asked!(12, noTrailers);
    leaf.asked = undefined;
    const callUntil = (endMs: number): void => {
      while (rig.clock.nowMs() < endMs && leaf.asked === undefined) {
        rig.call();
        rig.clock.advance(500);
      }
    };
    const refusedMs = rig.clock.nowMs();
    callUntil(refusedMs + 4 * 60_000);
    assert.equal(leaf.asked, undefined);
    callUntil(refusedMs + 6 * 60_000);
    assert.notEqual(leaf.asked, undefined);
    rig.policy.destroy();
    rig.clock.advance(1000);
    assert.equal(rig.clock.pendingTimers, 0);
  });

  it('refuses a configuration that its balancer cannot work with', () => {
    assert.throws(() => new Rig('weir_least_request', { choiceCount: 1 }), /choice_?[cC]ount/);
    assert.throws(
      () => new Rig('weir_p2c_ewma', { decayMs: '5s' }),
      /weir_p2c_ewma: decayMs must be a number/,
    );
    assert.throws(
      () => new Rig('weir_prequal', { mode: 'fast' }),
      /weir_prequal: mode must be one of async, sync/,
    );
  });
});
