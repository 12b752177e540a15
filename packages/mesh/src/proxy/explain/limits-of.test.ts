import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultOutlierSettings, noCircuitLimits } from '@weir/core';
import { clusterSettings } from '../config/cluster-settings/cluster-settings.test.support.js';
import { limitsOf } from './limits-of.js';

const source = { file: 'rule.yaml', line: 4, object: 'DestinationRule default/greeter' };

describe('the limits of a destination', () => {
  it('of which nothing is written are the defaults', () => {
    assert.deepEqual(limitsOf(clusterSettings('a'), 'round_robin'), [
      { name: 'balancer', value: 'round_robin', source: undefined },
      { name: 'connect-timeout', value: '5000 ms', source: undefined },
      { name: 'retry-budget', value: '20% of the requests, at least 3', source: undefined },
    ]);
  });

  it('that are written tell where', () => {
    const limits = limitsOf(
      clusterSettings('a', {
        source,
        limits: { ...noCircuitLimits, maxRequests: 100 },
        retryBudget: { budgetPercent: 100, minRetryConcurrency: Infinity },
        outlier: defaultOutlierSettings,
      }),
      'least_request',
    );
    assert.deepEqual(
      limits.map(({ name, source: from }) => [name, from]),
      [
        ['balancer', source],
        ['connect-timeout', undefined],
        ['requests', source],
        ['outlier-detection', source],
      ],
    );
    assert.match(
      limits.at(-1)?.value ?? '',
      /^5 errors in a row.* eject for 30000 ms or longer, at most 10%/,
    );
  });

  it('say how connections are kept where that is written', () => {
    const pool = { ...clusterSettings('a').pool, maxRequestsPerConnection: 9, idleTimeoutMs: 7_000 };
    const limits = limitsOf(clusterSettings('a', { pool, source }), 'round_robin');
    assert.deepEqual(
      limits.slice(3).map(({ name, value }) => [name, value]),
      [
        ['requests-per-connection', '9'],
        ['connection-idle-timeout', '7000 ms'],
      ],
    );
  });
});
