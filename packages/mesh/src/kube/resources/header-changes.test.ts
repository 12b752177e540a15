import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headers } from './header-changes.js';

function faults(value: unknown): string[] {
  const { error } = headers.safeParse(value);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('ordinary changes to headers are taken', () => {
  const value = {
    request: {
      set: { 'x-version': '200', host: 'other.example' },
      add: { 'x-share': '50%%' },
      remove: ['x-old'],
    },
    response: { add: { 'X-Served-By': 'weir' } },
  };
  assert.deepEqual(faults(value), []);
});

test('what the sidecar would refuse is refused with its place', () => {
  const percent = /there are no %COMMANDS% in this version; write %% for a percent sign/;
  assert.match(faults({ request: { set: { 'x-share': '50%' } } })[0] ?? '', /^request\.set\.x-share: /);
  assert.match(faults({ request: { set: { 'x-share': '50%' } } })[0] ?? '', percent);
  assert.match(faults({ response: { add: { 'x-from': '%REQ(x)%' } } })[0] ?? '', percent);
  assert.match(faults({ request: { set: { ':path': '/other' } } })[0] ?? '', /use rewrite/);
  assert.match(faults({ request: { remove: [':path'] } })[0] ?? '', /^request\.remove\.0: .*use rewrite/);
  assert.match(faults({ request: { remove: ['host'] } })[0] ?? '', /host cannot be removed/);
  assert.match(faults({ request: { add: { host: 'a' } } })[0] ?? '', /host cannot be changed here/);
  assert.match(faults({ response: { set: { Host: 'a' } } })[0] ?? '', /host cannot be changed here/);
  assert.match(faults({ request: { set: { 'x y': 'a' } } })[0] ?? '', /is not the name of a header/);
  for (const value of ['a\nb', ' a', 'a ']) {
    assert.match(
      faults({ request: { set: { x: value } } })[0] ?? '',
      /cannot hold line breaks/,
      JSON.stringify(value),
    );
  }
});
