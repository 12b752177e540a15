import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpMatchObject } from '../../kube/resources/http-match.js';
import { covers } from './match-covers.js';

type Pair = readonly [wide: HttpMatchObject | undefined, narrow: HttpMatchObject | undefined];

const covering: readonly Pair[] = [
  [undefined, { uri: { exact: '/a' } }],
  [{ uri: { prefix: '/' } }, undefined],
  [{ uri: { prefix: '/a' } }, { uri: { prefix: '/a.b/' } }],
  [{ uri: { prefix: '/a' } }, { uri: { exact: '/a' }, headers: { x: { exact: '1' } } }],
  [{ uri: { regex: '/a.*' } }, { uri: { exact: '/ab' } }],
  [{ uri: { prefix: '/A' }, ignoreUriCase: true }, { uri: { prefix: '/ab' } }],
  [{ headers: { x: {} } }, { headers: { x: { prefix: 'v' } } }],
  [{ headers: { x: { prefix: 'v' } } }, { headers: { x: { exact: 'v1' }, y: {} } }],
  [{ withoutHeaders: { x: { exact: 'v1' } } }, { withoutHeaders: { x: { prefix: 'v' } } }],
  [{ withoutHeaders: { x: { exact: 'v1' } } }, { withoutHeaders: { x: {} } }],
  [{ sourceLabels: { app: 'a' } }, { sourceLabels: { app: 'a', v: '1' } }],
  [{ port: 1 }, { port: 1, method: { exact: 'POST' } }],
];

const notCovering: readonly Pair[] = [
  [{ uri: { exact: '/a' } }, { uri: { prefix: '/a' } }],
  [{ uri: { prefix: '/a' } }, undefined],
  [{ uri: { prefix: '/a' } }, { uri: { prefix: '/a' }, ignoreUriCase: true }],
  [{ uri: { regex: '/a.*' } }, { uri: { prefix: '/a' } }],
  [{ headers: { x: { exact: '1' } } }, { headers: { x: {} } }],
  [{ headers: { x: { exact: '1' } } }, {}],
  [{ withoutHeaders: { x: {} } }, { withoutHeaders: { x: { exact: '1' } } }],
  [{ withoutHeaders: { x: {} } }, {}],
  [{ port: 1 }, {}],
  [{ sourceNamespace: 'a' }, { sourceNamespace: 'b' }],
  [{ gateways: ['edge'] }, {}],
];

for (const [wide, narrow] of covering) {
  test(`${JSON.stringify(wide)} leaves nothing to ${JSON.stringify(narrow)}`, () =>
    assert.equal(covers(wide, narrow), true));
}

for (const [wide, narrow] of notCovering) {
  test(`${JSON.stringify(wide)} leaves something to ${JSON.stringify(narrow)}`, () =>
    assert.equal(covers(wide, narrow), false));
}
