import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RedirectAction } from './actions.js';
import { type Header, type HeaderOperation, mutateHeaders } from './header-operations.js';
import type { PathMatcher } from './match.js';
import { redirectLocation } from './redirect-location.js';
import type { RouteRequest } from './request.js';
import { type PathRewrite, rewriteHost, rewritePath } from './rewrite.js';

const anything: PathMatcher = { kind: 'prefix', value: '/' };

function requestFor(path: string, over: Partial<RouteRequest> = {}): RouteRequest {
  return { authority: 'a.example', path, method: 'POST', scheme: 'http', header: () => undefined, ...over };
}

function replacing(source: string, substitution: string): PathRewrite & { readonly kind: 'regex' } {
  const pattern = {
    source,
    replaceAll: (text: string, by: string) =>
      text.replace(new RegExp(source, 'g'), by.replaceAll('\\1', '$1')),
  };
  return { kind: 'regex', pattern, substitution };
}

describe('rewritePath', () => {
  it('replaces the prefix that matched', () => {
    const to = { kind: 'prefix', value: '/v2' } as const;
    assert.equal(rewritePath(to, { kind: 'prefix', value: '/v1' }, '/v1/users?a=b'), '/v2/users?a=b');
    assert.equal(rewritePath(to, { kind: 'path-separated-prefix', value: '/v1' }, '/v1/x'), '/v2/x');
    assert.equal(rewritePath(to, { kind: 'prefix', value: '/V1', ignoreCase: true }, '/v1/x'), '/v2/x');
  });

  it('replaces the whole path where the whole path matched, and keeps the query', () => {
    const to = { kind: 'prefix', value: '/new' } as const;
    assert.equal(rewritePath(to, { kind: 'exact', value: '/old' }, '/old?a=b'), '/new?a=b');
    const pattern = { source: '/o.*', test: () => true };
    assert.equal(rewritePath(to, { kind: 'regex', pattern }, '/old/x?a=b'), '/new?a=b');
  });

  it('replaces every match of an expression outside the query', () => {
    assert.equal(rewritePath(replacing('o', '0'), anything, '/foo/o?o=o'), '/f00/0?o=o');
    assert.equal(rewritePath(replacing('^/(\\w+)/', '/\\1-x/'), anything, '/svc/m'), '/svc-x/m');
  });
});

describe('rewriteHost', () => {
  it('takes the text, a header, or a part of the path', () => {
    const request = requestFor('/svc/m?q', {
      header: (name) => (name === 'x-host' ? 'b.example' : undefined),
    });
    assert.equal(rewriteHost({ kind: 'literal', value: 'c.example' }, request), 'c.example');
    assert.equal(rewriteHost({ kind: 'header', name: 'X-Host' }, request), 'b.example');
    assert.equal(rewriteHost({ kind: 'header', name: 'x-none' }, request), 'a.example');
    const { pattern, substitution } = replacing('^/(\\w+)/.*$', '\\1.example');
    assert.equal(rewriteHost({ kind: 'path-regex', pattern, substitution }, request), 'svc.example');
  });
});

describe('redirectLocation', () => {
  const cases: [string, Partial<RedirectAction>, RouteRequest, string][] = [
    ['nothing else', {}, requestFor('/x?a'), 'http://a.example/x?a'],
    ['another scheme', { scheme: 'https' }, requestFor('/x'), 'https://a.example/x'],
    [
      "another scheme, the old one's port",
      { scheme: 'https' },
      requestFor('/x', { authority: 'a.example:80' }),
      'https://a.example/x',
    ],
    [
      'another scheme, a port of its own',
      { scheme: 'https' },
      requestFor('/x', { authority: 'a.example:8080' }),
      'https://a.example:8080/x',
    ],
    ['another host', { host: 'b.example' }, requestFor('/x', { authority: 'a:1' }), 'http://b.example/x'],
    ['another port', { port: 8443 }, requestFor('/x', { authority: 'a:1' }), 'http://a:8443/x'],
    ['a port at an IPv6 address', { port: 5 }, requestFor('/x', { authority: '[::1]' }), 'http://[::1]:5/x'],
    ['a path', { path: { kind: 'replace', value: '/y' } }, requestFor('/x?a'), 'http://a.example/y?a'],
    [
      'a path and query',
      { path: { kind: 'replace', value: '/y?b' } },
      requestFor('/x?a'),
      'http://a.example/y?b',
    ],
    ['a prefix', { path: { kind: 'prefix', value: '/y/' } }, requestFor('/x?a'), 'http://a.example/y/x?a'],
    ['no query', { stripQuery: true }, requestFor('/x?a'), 'http://a.example/x'],
  ];
  for (const [what, redirect, request, expected] of cases) {
    it(`sends the caller to: ${what}`, () => {
      const action = { kind: 'redirect', status: 301, ...redirect } as const;
      assert.equal(redirectLocation(action, anything, request), expected);
    });
  }
});

describe('mutateHeaders', () => {
  const create = (name: string, value: string): Header => ({ name, value });
  const headers = ['a=1', 'b=2', 'a=3'].map((text) => create(text[0]!, text[2]!));
  const after = (...operations: HeaderOperation[]): string =>
    mutateHeaders(headers, operations, create)
      .map(({ name, value }) => `${name}=${value}`)
      .join(' ');

  it('makes each kind of change', () => {
    assert.equal(after({ kind: 'set', name: 'a', value: '9' }), 'a=9 b=2');
    assert.equal(after({ kind: 'set', name: 'c', value: '9' }), 'a=1 b=2 a=3 c=9');
    assert.equal(after({ kind: 'set-if-present', name: 'b', value: '9' }), 'a=1 b=9 a=3');
    assert.equal(after({ kind: 'set-if-present', name: 'c', value: '9' }), 'a=1 b=2 a=3');
    assert.equal(after({ kind: 'add', name: 'a', value: '9' }), 'a=1 b=2 a=3 a=9');
    assert.equal(after({ kind: 'add-if-absent', name: 'a', value: '9' }), 'a=1 b=2 a=3');
    assert.equal(after({ kind: 'add-if-absent', name: 'c', value: '9' }), 'a=1 b=2 a=3 c=9');
    assert.equal(after({ kind: 'remove', name: 'a' }), 'b=2');
  });

  it('makes them in their order', () => {
    const remove = { kind: 'remove', name: 'a' } as const;
    const add = { kind: 'add', name: 'a', value: '9' } as const;
    assert.equal(after(remove, add), 'b=2 a=9');
    assert.equal(after(add, remove), 'b=2');
  });

  it('gives the list itself back when there is nothing to do', () => {
    assert.equal(mutateHeaders(headers, [], create), headers);
    assert.equal(headers.length, 3);
  });
});
