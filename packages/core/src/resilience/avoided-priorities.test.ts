import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { EndpointStats } from '../endpoint/endpoint-stats.js';
import { fakeEndpoint } from '../testing/index.js';
import { avoidedPriorities } from './avoided-priorities.js';

function inPriorities(...priorities: (number | undefined)[]): EndpointState[] {
  return priorities.map((priority, index) => ({
    endpoint: fakeEndpoint(index + 1, priority === undefined ? {} : { priority }),
    stats: new EndpointStats(),
  }));
}

describe('avoidedPriorities', () => {
  it('leaves a priority after so many attempts, and each further one after as many', () => {
    const tried = inPriorities(0, undefined, 1, 1, 2);
    const avoided = [1, 2, 3, 4, 5].map((attempts) => avoidedPriorities(tried.slice(0, attempts), 2));
    assert.deepEqual(avoided, [undefined, new Set([0]), new Set([0]), new Set([0, 1]), new Set([0, 1])]);
  });

  it('never leaves one when that is not asked for', () => {
    assert.equal(avoidedPriorities(inPriorities(0, 0, 0), 0), undefined);
  });
});
