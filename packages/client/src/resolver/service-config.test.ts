import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withDefaultPolicy } from './service-config.js';

const known = (name: string): boolean => name === 'round_robin';

describe('withDefaultPolicy', () => {
  it('balances by the default where the user says nothing', () => {
    const { loadBalancingConfig, methodConfig } = withDefaultPolicy(undefined, known);
    assert.deepEqual(loadBalancingConfig, [{ weir_p2c_ewma: {} }]);
    assert.deepEqual(methodConfig, []);
  });

  it('keeps what the user says, policies first', () => {
    const given = {
      loadBalancingConfig: [{ round_robin: {} }],
      retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
      methodConfig: [{ name: [{}], waitForReady: true }],
    };
    const config = withDefaultPolicy(JSON.stringify(given), known);
    assert.deepEqual(config, {
      ...given,
      loadBalancingConfig: [{ round_robin: {} }, { weir_p2c_ewma: {} }],
    });
  });

  it('reads fractions of a second in a timeout for what they are', () => {
    const json = {
      methodConfig: [
        { name: [{}], timeout: '1.5s' },
        { name: [{}], timeout: '2s' },
      ],
    };
    const { methodConfig } = withDefaultPolicy(JSON.stringify(json), known);
    assert.deepEqual(
      methodConfig.map((method) => (method as { timeout: object }).timeout),
      [
        { seconds: 1, nanos: 500_000_000 },
        { seconds: 2, nanos: 0 },
      ],
    );
  });

  it('warns of a policy that nobody knows', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    withDefaultPolicy('{"loadBalancingConfig":[{"weir_p2c_emwa":{}}]}', known);
    assert.match((await warned).message, /weir_p2c_emwa.*weir_p2c_ewma is used/);
  });
});
