import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderValueOption } from '../../../xds/generated/envoy.config.core.v3.js';
import { Findings } from '../findings.js';
import { readHeaderOperations } from './read-header-operations.js';

function read(toRemove: readonly string[], ...toAdd: HeaderValueOption[]) {
  const findings = new Findings();
  const operations = readHeaderOperations('route', 'request_headers', toRemove, toAdd, findings);
  return { operations, errors: findings.errors, warnings: findings.warnings };
}

test('headers are removed before others are added, and their names are in lower case', () => {
  const { operations } = read(
    ['X-Old'],
    { header: { key: 'X-New', value: 'a' } },
    { header: { key: 'x-set', value: 'b' }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' },
    { header: { key: 'x-if', value: 'c' }, appendAction: 'OVERWRITE_IF_EXISTS' },
    { header: { key: 'x-unless', value: 'd' }, appendAction: 'ADD_IF_ABSENT' },
    { header: { key: 'x-raw', rawValue: Buffer.from([0xe9]) } },
  );
  assert.deepEqual(operations, [
    { kind: 'remove', name: 'x-old' },
    { kind: 'add', name: 'x-new', value: 'a' },
    { kind: 'set', name: 'x-set', value: 'b' },
    { kind: 'set-if-present', name: 'x-if', value: 'c' },
    { kind: 'add-if-absent', name: 'x-unless', value: 'd' },
    { kind: 'add', name: 'x-raw', value: '\u00e9' },
  ]);
});

test('the deprecated append wins over the action', () => {
  const option = { header: { key: 'x', value: 'a' }, append: {}, appendAction: 'ADD_IF_ABSENT' } as const;
  assert.deepEqual(read([], option).operations, [{ kind: 'set', name: 'x', value: 'a' }]);
});

test('an empty value is left out unless it is to be kept', () => {
  const header = { key: 'x', value: '' };
  assert.equal(read([], { header }).operations, undefined);
  assert.deepEqual(read([], { header, keepEmptyValue: true }).operations, [
    { kind: 'add', name: 'x', value: '' },
  ]);
});

test('two percent signs are one, and one begins a command, of which there are none', () => {
  const written = (value: string) => read([], { header: { key: 'x', value } });
  assert.deepEqual(written('50%%').operations, [{ kind: 'add', name: 'x', value: '50%' }]);
  assert.deepEqual(written('%REQ(:path)%').errors, [
    'route.request_headers_to_add[0].header.value: "%REQ(:path)%": there are no %COMMANDS% in this proxy; write %% for %',
  ]);
});

test('what makes a request what it is cannot be removed', () => {
  assert.deepEqual(read([':path', 'Host']).errors, [
    'route.request_headers_to_remove[0]: ":path" cannot be removed',
    'route.request_headers_to_remove[1]: "Host" cannot be removed',
  ]);
});

test('what makes a request what it is cannot be changed either', () => {
  for (const key of [':path', 'Host']) {
    assert.deepEqual(read([], { header: { key, value: 'a' } }).errors, [
      `route.request_headers_to_add[0].header.key: "${key}" cannot be changed`,
    ]);
  }
});

test('what HTTP/2 does without is left out, and that is told', () => {
  for (const key of ['connection', 'Transfer-Encoding']) {
    const { operations, warnings } = read([], { header: { key, value: 'a' } });
    assert.equal(operations, undefined);
    assert.deepEqual(warnings, [
      `route.request_headers_to_add[0].header.key: "${key}" has no effect in this proxy, which leaves it to HTTP/2`,
    ]);
  }
});

test('a header that cannot be sent is refused', () => {
  for (const [key, value] of [
    ['x y', 'a'],
    ['x', 'a\nb'],
    ['x', ' a'],
  ] as const) {
    assert.deepEqual(read([], { header: { key, value } }).errors, [
      `route.request_headers_to_add[0].header: "${key}: ${value}" is not a valid header`,
    ]);
  }
});
