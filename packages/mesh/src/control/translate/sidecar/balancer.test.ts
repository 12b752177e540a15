import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeTypedStruct } from '../../../xds/generated/xds.type.v3.js';
import { jsonOfStruct } from '../../../xds/struct.js';
import { shortTypeName } from '../../../xds/type-urls.js';
import { type BalancerName, BALANCERS, DEFAULT_BALANCER, translateBalancer } from './balancer.js';

/** The entries of the list in order: type, and for a TypedStruct what is in it. */
function listOf(fields: ReturnType<typeof translateBalancer>): unknown[] {
  return (fields.loadBalancingPolicy?.policies ?? []).map(({ typedExtensionConfig }) => {
    const { typeUrl = '', value = new Uint8Array() } = typedExtensionConfig?.typedConfig ?? {};
    if (shortTypeName(typeUrl) !== 'TypedStruct') return shortTypeName(typeUrl);
    const struct = decodeTypedStruct(value);
    return [struct.typeUrl, jsonOfStruct(struct.value ?? {})];
  });
}

test('peak EWMA is the default, least request where it is not known', () => {
  const fields = translateBalancer(undefined, undefined, DEFAULT_BALANCER, false);
  assert.equal(fields.lbPolicy, 'LEAST_REQUEST');
  assert.deepEqual(listOf(fields), [['type.googleapis.com/weir_p2c_ewma', {}], 'LeastRequest']);
});

test('every algorithm has a word for clients that know no lists', () => {
  const words: Record<BalancerName, string> = {
    p2c_ewma: 'LEAST_REQUEST',
    prequal: 'LEAST_REQUEST',
    go_zero_p2c: 'LEAST_REQUEST',
    weighted_round_robin: 'ROUND_ROBIN',
    least_request: 'LEAST_REQUEST',
    round_robin: 'ROUND_ROBIN',
    random: 'RANDOM',
  };
  for (const name of BALANCERS)
    assert.equal(translateBalancer(undefined, undefined, name, false).lbPolicy, words[name]);
});

test('what a GRPCPolicy chooses goes before a DestinationRule, and that before the default', () => {
  const rule = { simple: 'ROUND_ROBIN' } as const;
  assert.equal(translateBalancer(rule, undefined, DEFAULT_BALANCER, false).lbPolicy, 'ROUND_ROBIN');
  assert.equal(translateBalancer(rule, { random: {} }, DEFAULT_BALANCER, false).lbPolicy, 'RANDOM');
  const hashed = { consistentHash: { useSourceIp: true } };
  assert.equal(translateBalancer(hashed, undefined, DEFAULT_BALANCER, false).lbPolicy, 'RING_HASH');
  assert.deepEqual(listOf(translateBalancer(hashed, { goZeroP2c: {} }, DEFAULT_BALANCER, false)), [
    ['type.googleapis.com/weir_go_zero_p2c', {}],
    'LeastRequest',
  ]);
});

test('lengths of time are milliseconds by name, and a warmup is part of the settings', () => {
  const own = { p2cEwma: { decay: '1m', penalty: '500ms' } };
  const fields = translateBalancer({ warmup: { duration: '10s' } }, own, DEFAULT_BALANCER, false);
  const slowStart = { windowMs: 10_000, minWeightPercent: 10, aggression: 1 };
  assert.deepEqual(listOf(fields)[0], [
    'type.googleapis.com/weir_p2c_ewma',
    { decayMs: 60_000, penaltyMs: 500, slowStart },
  ]);
});

test('where localities have weights the list stands within the choice of a locality', () => {
  assert.deepEqual(listOf(translateBalancer(undefined, undefined, DEFAULT_BALANCER, true)), ['WrrLocality']);
});

test('zones are told in Envoy’s words, or with an algorithm of ours as part of its settings', () => {
  const rule = { zoneAwareLbSetting: { enabled: true, minClusterSize: 3 } };
  const least = translateBalancer({ ...rule, simple: 'LEAST_REQUEST' }, undefined, DEFAULT_BALANCER, false);
  assert.deepEqual(least.commonLbConfig, { zoneAwareLbConfig: { minClusterSize: { value: 3 } } });
  assert.equal(least.loadBalancingPolicy, undefined);
  const own = translateBalancer(rule, undefined, DEFAULT_BALANCER, false);
  assert.equal(own.commonLbConfig, undefined);
  assert.deepEqual(listOf(own), [
    ['type.googleapis.com/weir_p2c_ewma', { zoneAware: { minClusterSize: 3 } }],
    'LeastRequest',
  ]);
  const weighted = translateBalancer(undefined, { weightedRoundRobin: {}, zoneAware: {} }, 'random', false);
  assert.deepEqual(listOf(weighted), [
    ['type.googleapis.com/weir_weighted_round_robin', { zoneAware: {} }],
    'ClientSideWeightedRoundRobin',
    'RoundRobin',
  ]);
  assert.deepEqual(listOf(translateBalancer(rule, undefined, DEFAULT_BALANCER, true)), ['WrrLocality']);
  assert.equal(
    translateBalancer({ zoneAwareLbSetting: {} }, { random: {} }, DEFAULT_BALANCER, false).commonLbConfig,
    undefined,
  );
});

test('a subset is of whatever algorithm there is, and of no other client’s concern', () => {
  assert.deepEqual(listOf(translateBalancer(undefined, { subset: { size: 9 } }, DEFAULT_BALANCER, false)), [
    ['type.googleapis.com/weir_subset', { size: 9, childPolicy: [{ weir_p2c_ewma: {} }] }],
    'LeastRequest',
  ]);
  const own = { subset: { size: 9 }, roundRobin: {} };
  assert.deepEqual(listOf(translateBalancer(undefined, own, DEFAULT_BALANCER, false)), [
    ['type.googleapis.com/weir_subset', { size: 9, childPolicy: [{ round_robin: {} }] }],
    'RoundRobin',
  ]);
});
