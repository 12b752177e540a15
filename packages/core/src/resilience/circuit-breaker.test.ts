import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CircuitBreaker, Limit, noCircuitLimits } from './circuit-breaker.js';

describe('Limit', () => {
  it('grants so many at a time and counts those it turns away', () => {
    const limit = new Limit(2);
    assert.deepEqual([limit.tryAcquire(), limit.tryAcquire(), limit.tryAcquire()], [true, true, false]);
    limit.release();
    assert.equal(limit.tryAcquire(), true);
    assert.deepEqual([limit.active, limit.refused], [2, 1]);
  });

  it('lets go on what is going on when it is lowered', () => {
    const limit = new Limit(3);
    for (let one = 0; one < 3; one++) limit.tryAcquire();
    limit.configure(1);
    limit.release();
    assert.deepEqual([limit.active, limit.tryAcquire()], [2, false]);
    limit.release();
    limit.release();
    assert.equal(limit.tryAcquire(), true);
  });

  it('is never passed, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.array(fc.boolean(), { maxLength: 200 }), (max, steps) => {
        const limit = new Limit(max);
        let active = 0;
        for (const comes of steps) {
          if (comes) {
            if (limit.tryAcquire()) active += 1;
          } else if (active > 0) {
            limit.release();
            active -= 1;
          }
          assert.equal(limit.active, active);
          assert.ok(active <= max);
        }
      }),
      { seed: 14, numRuns: 200 },
    );
  });
});

describe('CircuitBreaker', () => {
  it('bounds each kind by itself, and nothing unless it is told to', () => {
    const breaker = new CircuitBreaker();
    for (let one = 0; one < 10_000; one++) assert.ok(breaker.requests.tryAcquire());
    breaker.configure({ ...noCircuitLimits, maxRequests: 10, maxRetries: 1 });
    assert.equal(breaker.requests.tryAcquire(), false);
    assert.equal(breaker.connections.tryAcquire(), true);
    assert.deepEqual([breaker.retries.tryAcquire(), breaker.retries.tryAcquire()], [true, false]);
    assert.equal(breaker.pendingRequests.max, Infinity);
  });
});
