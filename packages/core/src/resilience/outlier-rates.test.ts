import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failingTooOften, type RatedHost, worseThanTheRest } from './outlier-rates.js';
import { ResultCount } from './outlier-record.js';

/** Hosts of so many percent of success in 100 requests each, called by their place. */
function rated(...rates: number[]): RatedHost<number>[] {
  return rates.map((rate, host) => {
    const results = new ResultCount();
    results.total = 100;
    results.successes = rate;
    return { host, results };
  });
}

const successRate = {
  enforcing: 100,
  enforcingLocalOrigin: 100,
  minimumHosts: 5,
  requestVolume: 100,
  stdevFactor: 1_900,
};

describe('worseThanTheRest', () => {
  it('finds who is more than 1.9 standard deviations below the mean', () => {
    // Mean 90, variance (4 * 10^2 + 40^2) / 5 = 400, deviation 20: the threshold is 90 - 1.9 * 20 = 52.
    assert.deepEqual(worseThanTheRest(rated(100, 100, 100, 100, 50), successRate), [4]);
    // Mean 92, variance (4 * 8^2 + 32^2) / 5 = 256, deviation 16: 92 - 30.4 = 61.6.
    assert.deepEqual(worseThanTheRest(rated(100, 100, 100, 100, 60), successRate), [4]);
    // Mean 84, deviation sqrt((3 * 16^2 + 2 * 24^2) / 5) = 19.6: 84 - 37.2 = 46.8.
    assert.deepEqual(worseThanTheRest(rated(100, 100, 100, 60, 60), successRate), []);
  });

  it('finds nobody when all do alike, however badly', () => {
    assert.deepEqual(worseThanTheRest(rated(0, 0, 0, 0, 0), successRate), []);
    assert.deepEqual(worseThanTheRest(rated(100, 100, 100, 100, 100), successRate), []);
  });

  it('judges nobody unless enough hosts had enough requests', () => {
    assert.deepEqual(worseThanTheRest(rated(100, 100, 100, 50), successRate), []);
    const quiet = rated(100, 100, 100, 100, 50);
    quiet[0]!.results.total = 99;
    assert.deepEqual(worseThanTheRest(quiet, successRate), []);
    assert.deepEqual(worseThanTheRest([], { ...successRate, minimumHosts: 0, requestVolume: 0 }), []);
  });

  it('follows the factor', () => {
    const hosts = rated(100, 100, 100, 60, 60);
    assert.deepEqual(worseThanTheRest(hosts, { ...successRate, stdevFactor: 1_000 }), [3, 4]);
  });
});

describe('failingTooOften', () => {
  const settings = {
    enforcing: 100,
    enforcingLocalOrigin: 0,
    minimumHosts: 2,
    requestVolume: 50,
    threshold: 85,
  };

  it('finds who fails at least so often, even if all do', () => {
    assert.deepEqual(failingTooOften(rated(15, 16, 100), settings), [0]);
    assert.deepEqual(failingTooOften(rated(0, 10), settings), [0, 1]);
  });

  it('judges nobody unless enough hosts had enough requests', () => {
    assert.deepEqual(failingTooOften(rated(0), settings), []);
    const quiet = rated(0, 0);
    quiet[0]!.results.total = 49;
    assert.deepEqual(failingTooOften(quiet, settings), []);
    quiet[0]!.results.total = 0;
    assert.deepEqual(failingTooOften(quiet, { ...settings, requestVolume: 0, minimumHosts: 1 }), [1]);
  });
});
