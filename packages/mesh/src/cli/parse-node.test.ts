import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectLabel, NO_LABELS, parseLocality } from './parse-node.js';

test('labels are gathered, and a value may hold anything', () => {
  assert.deepEqual(collectLabel('v=', collectLabel('app=a=b', NO_LABELS)), { app: 'a=b', v: '' });
});

test('a label without a key, without a value or said twice is refused', () => {
  for (const text of ['app', '=web']) assert.throws(() => collectLabel(text, NO_LABELS), /key=value/);
  assert.throws(() => collectLabel('app=b', { app: 'a' }), /There is a label app already/);
});

test('a locality has a region, and may have zone and subzone', () => {
  assert.deepEqual(parseLocality('eu'), { region: 'eu', zone: '', subZone: '' });
  assert.deepEqual(parseLocality('eu/eu-1/rack-7'), { region: 'eu', zone: 'eu-1', subZone: 'rack-7' });
  for (const text of ['', '/zone', 'a/b/c/d'])
    assert.throws(() => parseLocality(text), /region\/zone\/subzone/);
});
