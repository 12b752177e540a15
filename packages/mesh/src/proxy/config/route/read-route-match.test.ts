import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRouteTable, decide, type RouteRequest, seededRandom } from '@weir/core';
import { FakeClock } from '@weir/core/testing';
import type { RouteMatch } from '../../../xds/generated/envoy.config.route.v3.js';
import { Findings } from '../findings.js';
import { readRouteMatch } from './read-route-match.js';

interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether a request is one that the matcher is for, as it is decided in the end. */
function matches(match: RouteMatch, { path = '/a.B/C', method = 'POST', headers = {} }: Call): boolean {
  const findings = new Findings();
  const read = readRouteMatch('match', match, findings);
  assert.deepEqual([findings.errors, findings.warnings], [[], []]);
  const clusters = [{ cluster: 'a', weight: 1 }];
  const action = { kind: 'forward', clusters, timeoutMs: 0 } as const;
  const routes = [{ name: '', match: read!, action }];
  const table = compileRouteTable({ version: '1', virtualHosts: [{ name: 'h', domains: ['*'], routes }] });
  const request: RouteRequest = { authority: 'greeter', path, method, header: (name) => headers[name] };
  return decide(request, table, new FakeClock(), seededRandom(1)).kind === 'forward';
}

const paths: readonly (readonly [RouteMatch, readonly string[], readonly string[]])[] = [
  [{ path: '/a.B/C' }, ['/a.B/C', '/a.B/C?x=1'], ['/a.B/CD', '/a.b/c']],
  [{ prefix: '/a.B/' }, ['/a.B/', '/a.B/C'], ['/a.B', '/A.B/C']],
  [{ prefix: '/a.B/', caseSensitive: {} }, ['/A.b/C'], ['/x']],
  [{ path: '/A', caseSensitive: { value: false } }, ['/a', '/A'], ['/b']],
  [{ pathSeparatedPrefix: '/a' }, ['/a', '/a/b', '/a?q'], ['/ab']],
  [{ safeRegex: { regex: '/v[12]/.*' } }, ['/v1/x', '/v2/?q'], ['/v3/x', '/x/v1/x']],
];
for (const [match, yes, no] of paths) {
  test(`${JSON.stringify(match)} is for ${yes.join(' and ')}, not for ${no.join(' or ')}`, () => {
    for (const path of yes) assert.equal(matches(match, { path }), true, path);
    for (const path of no) assert.equal(matches(match, { path }), false, path);
  });
}

const HEADER = 'x';
const headers: readonly (readonly [object, readonly string[], readonly (string | undefined)[]])[] = [
  [{ exactMatch: 'v1' }, ['v1'], ['v2', undefined]],
  [{ stringMatch: { exact: 'V1', ignoreCase: true } }, ['v1', 'V1'], ['v2']],
  [{ prefixMatch: 'v' }, ['v1'], ['x']],
  [{ suffixMatch: '1' }, ['v1'], ['v2']],
  [{ stringMatch: { suffix: '1' } }, ['v1'], ['v2']],
  [{ containsMatch: 'bc' }, ['abcd'], ['acbd']],
  [{ safeRegexMatch: { regex: 'v[0-9]+' } }, ['v10'], ['v', 'xv1', undefined]],
  [{ stringMatch: { safeRegex: { regex: '(?i)V.' } } }, ['v1'], ['w1']],
  [{ rangeMatch: { start: -10, end: 0 } }, ['-1', '-10'], ['0', '-1.5', 'x', undefined]],
  [{ presentMatch: true }, ['', 'x'], [undefined]],
  [{}, [''], [undefined]],
  [{ exactMatch: 'v1', invertMatch: true }, ['v2'], ['v1', undefined]],
];
for (const [matcher, yes, no] of headers) {
  test(`a header matcher ${JSON.stringify(matcher)} takes ${JSON.stringify(yes)}`, () => {
    const match: RouteMatch = { prefix: '/', headers: [{ name: 'X', ...matcher }] };
    const call = (value: string | undefined) => (value === undefined ? {} : { headers: { [HEADER]: value } });
    for (const value of yes) assert.equal(matches(match, call(value)), true, value);
    for (const value of no) assert.equal(matches(match, call(value)), false, value);
  });
}

test('a header that is missing may count as empty', () => {
  const empty = { stringMatch: { exact: '' }, treatMissingHeaderAsEmpty: true };
  assert.equal(matches({ prefix: '/', headers: [{ name: 'x', ...empty }] }, {}), true);
});

test('pseudo headers are compared as any other', () => {
  const match = { prefix: '/', headers: [{ name: ':method', stringMatch: { exact: 'GET' } }] };
  assert.equal(matches(match, { method: 'GET' }), true);
  assert.equal(matches(match, { method: 'POST' }), false);
});

test('query parameters are compared or asked for', () => {
  const exact = { prefix: '/', queryParameters: [{ name: 'user', stringMatch: { exact: 'ann' } }] };
  assert.equal(matches(exact, { path: '/?user=ann' }), true);
  assert.equal(matches(exact, { path: '/?user=bob' }), false);
  const present = { prefix: '/', queryParameters: [{ name: 'user', presentMatch: true }] };
  assert.equal(matches(present, { path: '/?a=1&user' }), true);
  assert.equal(matches(present, { path: '/?users=1' }), false);
});

test('a match on gRPC is one on the content type', () => {
  const match = { prefix: '/', grpc: {} };
  for (const type of ['application/grpc', 'application/grpc+proto']) {
    assert.equal(matches(match, { headers: { 'content-type': type } }), true, type);
  }
  for (const type of ['application/grpc-web', 'text/html']) {
    assert.equal(matches(match, { headers: { 'content-type': type } }), false, type);
  }
  assert.equal(matches(match, {}), false);
});

test('a share of all requests is no condition', () => {
  const defaultValue = { numerator: 10_000, denominator: 'TEN_THOUSAND' } as const;
  assert.equal(matches({ prefix: '/', runtimeFraction: { defaultValue } }, {}), true);
});
