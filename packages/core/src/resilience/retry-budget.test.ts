import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RetryBudget } from './retry-budget.js';

function grantedOf(budget: RetryBudget, asked: number): number {
  let granted = 0;
  for (let ask = 0; ask < asked; ask++) if (budget.tryStartRetry()) granted += 1;
  return granted;
}

describe('RetryBudget', () => {
  it('allows three retries at once when there are few requests', () => {
    const budget = new RetryBudget();
    budget.requestStarted();
    assert.equal(grantedOf(budget, 10), 3);
  });

  it('allows a fifth of the requests in flight when there are many, not counting the retries among them', () => {
    const budget = new RetryBudget();
    for (let request = 0; request < 104; request++) budget.requestStarted();
    let granted = 0;
    while (budget.tryStartRetry()) {
      granted += 1;
      budget.requestStarted();
    }
    assert.equal(granted, 20, '20 retries beside 104 first attempts');
  });

  it('grants again what has ended', () => {
    const budget = new RetryBudget({ budgetPercent: 0, minRetryConcurrency: 1 });
    assert.equal(budget.tryStartRetry(), true);
    assert.equal(budget.tryStartRetry(), false);
    budget.retryEnded();
    assert.equal(budget.tryStartRetry(), true);
  });

  it('grants nothing when it is set to nothing', () => {
    const budget = new RetryBudget({ budgetPercent: 0, minRetryConcurrency: 0 });
    for (let request = 0; request < 100; request++) budget.requestStarted();
    assert.equal(budget.tryStartRetry(), false);
  });

  it('never grants a retry beyond its share, whatever begins and ends', () => {
    const steps = fc.array(fc.constantFrom('request', 'request', 'retry', 'requestEnds', 'retryEnds'), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 100 }), fc.nat(5), (sequence, percent, least) => {
        const budget = new RetryBudget({ budgetPercent: percent, minRetryConcurrency: least });
        let requests = 0;
        let retries = 0;
        for (const step of sequence) {
          if (step === 'request') {
            budget.requestStarted();
            requests += 1;
          } else if (step === 'requestEnds' && requests > 0) {
            budget.requestEnded();
            requests -= 1;
          } else if (step === 'retryEnds' && retries > 0) {
            budget.retryEnded();
            retries -= 1;
          } else if (step === 'retry') {
            const due =
              retries < Math.max(least, Math.floor((percent * Math.max(0, requests - retries)) / 100));
            assert.equal(budget.tryStartRetry(), due);
            if (due) retries += 1;
          }
          assert.equal(budget.activeRequests, requests);
          assert.equal(budget.activeRetries, retries);
        }
      }),
      { seed: 8, numRuns: 200 },
    );
  });
});
