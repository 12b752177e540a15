import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubeApiError } from '@weir/core/kube';
import { FakeClock } from '@weir/core/testing';
import type { Logger } from '../../../system/logger.js';
import type { ApiCall } from '../api-connection.js';
import { Leadership } from './leadership.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

/** A Lease with the API server's rule about versions. */
class FakeLease {
  version = 1;
  spec: Record<string, unknown> = {};
  down = false;

  readonly call = ({ method, body }: ApiCall): Promise<unknown> => {
    if (this.down) return Promise.reject(new KubeApiError('no answer'));
    if (method === 'PUT') {
      const { metadata, spec } = body as {
        metadata: { resourceVersion: string };
        spec: Record<string, unknown>;
      };
      if (metadata.resourceVersion !== String(this.version)) {
        return Promise.reject(new KubeApiError('conflict', { status: 409 }));
      }
      this.version += 1;
      this.spec = spec;
    }
    return Promise.resolve({ metadata: { resourceVersion: String(this.version) }, spec: this.spec });
  };
}

function replica(lease: FakeLease, clock: FakeClock, identity: string) {
  const own = { down: false };
  const call = (request: ApiCall): Promise<unknown> =>
    own.down ? Promise.reject(new KubeApiError('no answer')) : lease.call(request);
  const options = { call, namespace: 'weir-system', name: 'weir-control', identity, clock, logger: silent };
  const leadership = new Leadership({ ...options, onChange: () => {} });
  leadership.start();
  return { leadership, own };
}

/** Lets time go by in the steps of the election, each with what it sets going. */
async function pass(clock: FakeClock, seconds: number): Promise<void> {
  for (let step = 0; step <= seconds; step++) {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    if (step < seconds) clock.advance(1_000);
  }
}

describe('the election of the one who writes', () => {
  it('has one winner, who goes on winning', async () => {
    const [lease, clock] = [new FakeLease(), new FakeClock()];
    const replicas = ['a', 'b', 'c'].map((name) => replica(lease, clock, name));
    for (let minute = 0; minute < 3; minute++) {
      await pass(clock, 60);
      assert.deepEqual(
        replicas.map(({ leadership }) => leadership.leads),
        [true, false, false],
      );
    }
    assert.equal(lease.spec['leaseTransitions'], 1);
  });

  it('is won by another when the winner falls silent, who has stopped leading by then', async () => {
    const [lease, clock] = [new FakeLease(), new FakeClock()];
    const first = replica(lease, clock, 'a');
    await pass(clock, 1);
    const second = replica(lease, clock, 'b');
    await pass(clock, 10);
    first.own.down = true;
    let both = false;
    for (let step = 0; step < 30; step++) {
      await pass(clock, 1);
      both ||= first.leadership.leads && second.leadership.leads;
    }
    assert.equal(both, false);
    assert.deepEqual([first.leadership.leads, second.leadership.leads], [false, true]);
  });

  it('is open at once when the winner leaves in good order', async () => {
    const [lease, clock] = [new FakeLease(), new FakeClock()];
    const first = replica(lease, clock, 'a');
    await pass(clock, 1);
    const second = replica(lease, clock, 'b');
    await pass(clock, 5);
    await first.leadership.stop();
    await pass(clock, 3);
    assert.equal(second.leadership.leads, true);
  });

  it('survives a short absence of the API server', async () => {
    const [lease, clock] = [new FakeLease(), new FakeClock()];
    const { leadership } = replica(lease, clock, 'a');
    await pass(clock, 1);
    lease.down = true;
    await pass(clock, 6);
    assert.equal(leadership.leads, true);
    lease.down = false;
    await pass(clock, 60);
    assert.equal(leadership.leads, true);
    assert.equal(lease.spec['leaseTransitions'], 1);
  });
});
