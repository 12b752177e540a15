import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, isNearMiss, nearest } from './near-miss.js';

test('the edit distance counts insertions, deletions, substitutions and swaps', () => {
  assert.equal(editDistance('port', 'port'), 0);
  assert.equal(editDistance('port', 'ports'), 1);
  assert.equal(editDistance('prots', 'ports'), 1);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('kitten', 'sitting'), 3);
});

test('a slip of the pen is near, another word and the same word are not', () => {
  assert.ok(isNearMiss('adresses', 'addresses'));
  assert.ok(isNearMiss('clusterIp', 'clusterIP'));
  assert.ok(!isNearMiss('port', 'port'));
  assert.ok(!isNearMiss('name', 'port'));
  assert.ok(!isNearMiss('Secret', 'Service'));
});

test('the nearest of several candidates is suggested, and nothing when none is near', () => {
  assert.equal(nearest('prot', ['protocol', 'port', 'name']), 'port');
  assert.equal(nearest('targetport', ['port', 'targetPort']), 'targetPort');
  assert.equal(nearest('replicas', ['port', 'targetPort']), undefined);
});
