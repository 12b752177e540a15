import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JsonObject, structOf } from '../../../xds/struct.js';
import { Findings } from '../findings.js';
import { readOwnPolicy } from './read-own-policy.js';

function read(name: string, config: JsonObject) {
  const findings = new Findings();
  const struct = { typeUrl: `type.googleapis.com/${name}`, value: structOf(config) };
  const own = readOwnPolicy('at', struct, findings);
  return {
    policy: own === 'unknown' ? own : own.policy,
    zoneAware: own === 'unknown' ? own : own.zoneAware,
    errors: findings.errors,
    warnings: findings.warnings,
  };
}

test('settings are read as they stand in a service config', () => {
  assert.deepEqual(read('weir_p2c_ewma', { decayMs: 5000, slowStart: { windowMs: 1000, aggression: 2 } }), {
    policy: {
      name: 'p2c_ewma',
      decayMs: 5000,
      slowStart: { windowMs: 1000, minWeightPercent: 10, aggression: 2 },
    },
    zoneAware: undefined,
    errors: [],
    warnings: [],
  });
});

test('what is not said has its default', () => {
  assert.deepEqual(read('weir_p2c_ewma', {}).policy, { name: 'p2c_ewma' });
  assert.deepEqual(read('weir_least_request', {}).policy, {
    name: 'least_request',
    choiceCount: 2,
    activeRequestBias: 1,
  });
  assert.deepEqual(read('weir_ring_hash', { minimumRingSize: 10 }).policy, {
    name: 'ring_hash',
    minimumRingSize: 10,
    maximumRingSize: 8_388_608,
  });
});

test('a policy of another name is not known', () => {
  for (const name of ['weir_better', 'p2c_ewma', '', 'constructor'])
    assert.equal(read(name, {}).policy, 'unknown');
});

test('a field that is not known is warned of, one of the wrong type is an error', () => {
  assert.deepEqual(read('weir_go_zero_p2c', { decayMs: 1, slowStart: { x: 1 } }).warnings, [
    'at.value.decayMs: has no effect in this proxy',
    'at.value.slowStart.x: has no effect in this proxy',
  ]);
  assert.deepEqual(read('weir_p2c_ewma', { decayMs: '10s' }).errors, [
    'at.value.decayMs: must be a number, not "10s"',
  ]);
  assert.deepEqual(read('weir_p2c_ewma', { slowStart: 5 }).errors, [
    'at.value.slowStart: must be an object, not 5',
  ]);
});

test('a subset is of the first policy below it that is known', () => {
  const childPolicy = [
    { weir_better: {} },
    { weir_p2c_ewma: { decayMs: 1, zoneAware: { minClusterSize: 3 } } },
  ];
  const { policy, zoneAware } = read('weir_subset', { size: 5, childPolicy });
  assert.deepEqual(policy, { name: 'p2c_ewma', decayMs: 1, subset: { size: 5, clientId: '' } });
  assert.deepEqual(zoneAware, { minClusterSize: 3 });
  assert.deepEqual(
    read('weir_subset', { size: 5, clientId: 'a', childPolicy: [{ round_robin: {} }] }).policy,
    {
      name: 'round_robin',
      subset: { size: 5, clientId: 'a' },
    },
  );
  assert.deepEqual(read('weir_subset', { size: 5, childPolicy: [{ weir_better: {} }] }).errors, [
    'at.value.childPolicy: holds no policy this proxy knows',
  ]);
});
