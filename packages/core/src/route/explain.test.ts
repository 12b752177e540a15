import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRetryOn } from '../resilience/retry-on.js';
import type { RouteDescription, VirtualHostDescription } from './description.js';
import { explain } from './explain.js';
import type { Explanation } from './explanation.js';
import { compileRouteTable } from './route-table.js';

const inFile = (line: number) => ({ file: 'reviews.yaml', line, object: 'VirtualService default/reviews' });

const retry = {
  on: parseRetryOn('5xx,unavailable').on,
  maxRetries: 2,
  perTryTimeoutMs: 100,
  backoff: { baseMs: 25, capMs: 250 },
  avoidPreviousHosts: true,
};

const canary: RouteDescription = {
  name: 'canary',
  match: {
    path: { kind: 'exact', value: '/a.B/C' },
    headers: [{ kind: 'exact', name: 'Version', value: '200', invert: false }],
  },
  action: { kind: 'forward', clusters: [{ cluster: 'v2', weight: 1 }], timeoutMs: 0 },
  source: inFile(10),
};

const split: RouteDescription = {
  name: 'split',
  match: { path: { kind: 'prefix', value: '/a.B/' }, headers: [] },
  action: {
    kind: 'forward',
    clusters: [
      { cluster: 'v1', weight: 3, source: inFile(23) },
      { cluster: 'v2', weight: 1, requestHeaders: [{ kind: 'set', name: 'x', value: '1' }] },
    ],
    timeoutMs: 300,
    mirrors: [{ cluster: 'shadow', fraction: { numerator: 5, denominator: 1_000 } }],
    hash: [{ kind: 'source-ip' }, { kind: 'header', name: 'user' }],
  },
  rateLimit: { maxTokens: 10, tokensPerFill: 5, fillIntervalMs: 1_000 },
  source: inFile(20),
  settingSources: { timeout: inFile(21) },
};

const host: VirtualHostDescription = {
  name: 'reviews:50051',
  domains: ['reviews', '*.reviews'],
  routes: [canary, split],
  retry,
  source: inFile(1),
};

function explained(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  authority = 'reviews',
  description = host,
): Explanation {
  const table = compileRouteTable({ version: '1', virtualHosts: [description] });
  return explain({ authority, path, method: 'POST', header: (name) => headers[name] }, table);
}

describe('explain', () => {
  it('says who answers and by which domain', () => {
    assert.deepEqual(explained('/x', {}, 'v1.reviews').virtualHost, {
      name: 'reviews:50051',
      domain: '*.reviews',
      source: inFile(1),
    });
    assert.deepEqual(explained('/x', {}, 'nobody'), {
      authority: 'nobody',
      path: '/x',
      virtualHost: undefined,
      passedOver: [],
      matched: undefined,
    });
  });

  it('says of each route before the one that matched what first failed', () => {
    const because = (path: string, headers: Readonly<Record<string, string>> = {}): string[] =>
      explained(path, headers).passedOver.map((route) => `${route.name}: ${route.because}`);
    assert.deepEqual(because('/a.B/C'), ['canary: header version is missing; it must be "200"']);
    assert.deepEqual(because('/a.B/C', { version: '1' }), [
      'canary: header version is "1"; it must be "200"',
    ]);
    assert.deepEqual(because('/x', { version: '1' }), [
      'canary: path is "/x"; it must be "/a.B/C"',
      'split: path is "/x"; it must begin with "/a.B/"',
    ]);
    assert.deepEqual(because('/a.B/C', { version: '200' }), []);
  });

  it('says which route matched, by which conditions, and where it was written', () => {
    const { matched } = explained('/a.B/C', { version: '200' });
    assert.ok(matched);
    assert.deepEqual(
      [matched.index, matched.name, matched.action, matched.source],
      [0, 'canary', 'forward', inFile(10)],
    );
    assert.deepEqual(matched.conditions, ['path must be "/a.B/C"', 'header version must be "200"']);
    assert.equal(explained('/x').matched, undefined);
  });

  it('gives the destinations with their shares', () => {
    assert.deepEqual(explained('/a.B/D').matched?.destinations, [
      { cluster: 'v1', weight: 3, share: 0.75, source: inFile(23) },
      { cluster: 'v2', weight: 1, share: 0.25, source: inFile(20) },
    ]);
  });

  it('gives every setting in force, its level and its source', () => {
    const settings = explained('/a.B/D').matched!.settings.map(({ name, value, from, cluster, source }) =>
      [name, value, from, cluster, source?.line].filter((part) => part !== undefined),
    );
    assert.deepEqual(settings, [
      ['timeout', '300 ms', 'route', 21],
      [
        'retry',
        'up to 2 more attempts, 100 ms each on 5xx, unavailable, pauses up to 250 ms',
        'virtual host',
        1,
      ],
      ['mirror', '0.5 % to shadow', 'route', 20],
      ['hash', 'source address', 'route', 20],
      ['hash', 'header user', 'route', 20],
      ['rate-limit', '5 requests each 1000 ms, 10 at once', 'route', 20],
      ['request-headers', 'set x', 'cluster', 'v2', 20],
    ]);
  });

  it('says what is answered in the place of an endpoint', () => {
    const answered = (action: RouteDescription['action']): string | undefined =>
      explained('/x', {}, 'reviews', {
        ...host,
        routes: [{ name: '', match: { path: { kind: 'prefix', value: '/' }, headers: [] }, action }],
      }).matched?.answer;
    assert.equal(answered({ kind: 'direct-response', status: 503, body: 'no' }), 'status 503');
    const redirect = { kind: 'redirect', status: 302, scheme: 'https', port: 8443 } as const;
    assert.equal(answered(redirect), 'status 302 to scheme https, port 8443');
  });

  it('words every kind of condition', () => {
    const pattern = { source: 'v[12]', test: () => false };
    const words = (match: Partial<RouteDescription['match']>, path = '/x?q=1'): string | undefined =>
      explained(path, { n: '12', long: 'y'.repeat(500) }, 'reviews', {
        ...host,
        routes: [{ ...canary, match: { path: { kind: 'prefix', value: '/' }, headers: [], ...match } }],
      }).passedOver[0]?.because;
    const header = (matcher: object): string | undefined =>
      words({
        headers: [{ name: 'n', invert: false, ...matcher } as RouteDescription['match']['headers'][number]],
      });
    assert.equal(words({ path: { kind: 'regex', pattern } }), 'path is "/x?q=1"; it must match "v[12]"');
    assert.equal(
      words({ path: { kind: 'path-separated-prefix', value: '/y' } }),
      'path is "/x?q=1"; it must be "/y" or below it',
    );
    assert.equal(
      words({ path: { kind: 'exact', value: '/Y', ignoreCase: true } }),
      'path is "/x?q=1"; it must be "/Y" in any case',
    );
    assert.equal(
      header({ kind: 'range', start: 1, end: 10 }),
      'header n is "12"; it must be an integer from 1 to below 10',
    );
    assert.equal(header({ kind: 'present', invert: true }), 'header n is "12"; it must not be there');
    assert.equal(header({ kind: 'suffix', value: '3' }), 'header n is "12"; it must end with "3"');
    assert.equal(
      header({ kind: 'contains', value: '12', invert: true }),
      'header n is "12"; it must not contain "12"',
    );
    assert.equal(
      header({ kind: 'exact', name: ':method', value: 'GET' }),
      'method is "POST"; it must be "GET"',
    );
    assert.equal(
      header({ kind: 'exact', name: ':scheme', value: 'https' }),
      'scheme is missing; it must be "https"',
    );
    assert.equal(
      words({ queryParameters: [{ kind: 'exact', name: 'q', value: '2' }] }),
      'query parameter q is "1"; it must be "2"',
    );
    assert.equal(
      words({ queryParameters: [{ kind: 'present', name: 'r' }] }),
      'query parameter r is missing; it must be there',
    );
    const cut = header({ kind: 'exact', name: 'long', value: 'z' });
    assert.ok(cut !== undefined && cut.length < 200, cut);
  });
});
