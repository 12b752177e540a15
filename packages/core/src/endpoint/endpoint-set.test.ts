import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FakeClock, fakeEndpoint } from '../testing/index.js';
import type { Endpoint } from './endpoint.js';
import { EndpointSet } from './endpoint-set.js';
import type { EndpointState } from './endpoint-state.js';
import { EndpointStats } from './endpoint-stats.js';

function createSet(): EndpointSet<EndpointState> {
  return new EndpointSet((endpoint) => ({ endpoint, stats: new EndpointStats() }));
}

describe('EndpointSet', () => {
  it('holds the endpoints of the last update, in their order', () => {
    const set = createSet();
    set.update([fakeEndpoint(1), fakeEndpoint(2)]);
    const diff = set.update([fakeEndpoint(3), fakeEndpoint(2, { weight: 5 })]);
    assert.deepEqual(
      set.hosts.map(({ endpoint }) => endpoint),
      [fakeEndpoint(3), fakeEndpoint(2, { weight: 5 })],
    );
    assert.deepEqual(diff, {
      added: [fakeEndpoint(3)],
      removed: [fakeEndpoint(1)],
      changed: [fakeEndpoint(2, { weight: 5 })],
    });
    assert.equal(set.get('10.0.0.1:50051'), undefined);
    assert.equal(set.get('10.0.0.2:50051'), set.hosts[1]);
  });

  it('keeps the state of an address through any updates that keep the address', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 2, max: 6 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(numbers, fc.integer({ min: 1, max: 9 }))), (updates) => {
        const set = createSet();
        set.update([fakeEndpoint(1)]);
        const state = set.hosts[0]!;
        state.stats.begin();
        state.stats.end(true);
        for (const [others, weight] of updates) {
          set.update([...others.map((number) => fakeEndpoint(number)), fakeEndpoint(1, { weight })]);
          assert.equal(set.get(state.endpoint.address), state);
          assert.equal(state.endpoint.weight, weight);
          assert.deepEqual([state.stats.started, state.stats.failed], [1, 1]);
        }
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  it('gives a returning address its state back while its requests are in flight', () => {
    const set = createSet();
    set.update([fakeEndpoint(1)]);
    const state = set.hosts[0]!;
    state.stats.begin();
    set.update([]);
    set.update([fakeEndpoint(2)]);
    set.update([fakeEndpoint(1)]);
    assert.deepEqual(set.hosts, [state]);
  });

  it('forgets a departed address once nothing is in flight', () => {
    const set = createSet();
    set.update([fakeEndpoint(1)]);
    const state = set.hosts[0]!;
    state.stats.begin();
    set.update([]);
    state.stats.end(false);
    set.update([]);
    set.update([fakeEndpoint(1)]);
    assert.notEqual(set.hosts[0], state);
  });

  it('remembers a departed address for as long as it is told to', () => {
    const clock = new FakeClock();
    const create = (endpoint: Endpoint): EndpointState => ({ endpoint, stats: new EndpointStats() });
    const set = new EndpointSet(create, { clock, rememberMs: 1_000 });
    set.update([fakeEndpoint(1)]);
    const state = set.hosts[0]!;
    set.update([]);
    clock.advance(999);
    set.update([fakeEndpoint(2)]);
    set.update([fakeEndpoint(1)]);
    assert.equal(set.hosts[0], state);
    set.update([]);
    clock.advance(1_000);
    set.update([fakeEndpoint(2)]);
    set.update([fakeEndpoint(1)]);
    assert.notEqual(set.hosts[0], state);
  });

  it('begins anew when another pod has the address', () => {
    const set = createSet();
    set.update([fakeEndpoint(1, { pod: 'a' })]);
    const state = set.hosts[0]!;
    state.stats.begin();
    set.update([fakeEndpoint(1, { pod: 'b' })]);
    assert.notEqual(set.hosts[0], state);
    assert.equal(set.hosts[0]!.stats.inFlight, 0);
  });

  it('takes the first of two endpoints with one address', () => {
    const set = createSet();
    set.update([fakeEndpoint(1, { weight: 3 }), fakeEndpoint(1, { weight: 4 })]);
    assert.deepEqual(
      set.hosts.map(({ endpoint }) => endpoint.weight),
      [3],
    );
  });

  it('does not change the array it handed out before', () => {
    const set = createSet();
    set.update([fakeEndpoint(1)]);
    const before = set.hosts;
    set.update([]);
    assert.equal(before.length, 1);
    assert.equal(set.hosts.length, 0);
  });
});
