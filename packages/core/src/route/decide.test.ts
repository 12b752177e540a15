import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../random.js';
import { assertAllocatesNothing } from '../testing/allocation.compliance.js';
import { FakeClock } from '../testing/index.js';
import { decide, drawDecision, findRoute, findVirtualHost } from './decide.js';
import type { Decision } from './decision.js';
import type { WeightedCluster } from './actions.js';
import type { RouteDescription } from './description.js';
import type { HeaderMatcher, PathMatcher } from './match.js';
import type { RouteRequest } from './request.js';
import { compileRouteTable, decisionCacheable, type RouteTable } from './route-table.js';

const clock = new FakeClock();
const random = seededRandom(1);
const anyPath: PathMatcher = { kind: 'prefix', value: '/' };

interface RouteWords {
  readonly path?: PathMatcher;
  readonly headers?: readonly HeaderMatcher[];
  readonly timeoutMs?: number;
  readonly clusters?: readonly WeightedCluster[];
}

/** A route to the cluster of the same name, unless it says otherwise. */
function route(name: string, words: RouteWords = {}): RouteDescription {
  const { path = anyPath, headers = [], timeoutMs = 0, clusters = [{ cluster: name, weight: 1 }] } = words;
  return { name, match: { path, headers }, action: { kind: 'forward', clusters, timeoutMs } };
}

function tableOf(...routes: RouteDescription[]): RouteTable {
  return compileRouteTable({ version: '1', virtualHosts: [{ name: 'host', domains: ['*'], routes }] });
}

function request(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  authority = 'a',
): RouteRequest {
  return { authority, path, method: 'POST', header: (name) => headers[name] };
}

function routeNameOf(decision: Decision): string | undefined {
  return decision.kind === 'forward' ? decision.routeName : undefined;
}

describe('decide', () => {
  it('forwards to the cluster of the first route that matches, and says by which rule', () => {
    const table = tableOf(
      route('hello', { path: { kind: 'exact', value: '/pkg.Svc/Hello' }, timeoutMs: 250 }),
      route('rest'),
      route('never'),
    );
    const decision = decide(request('/pkg.Svc/Hello'), table, clock, random);
    assert.ok(decision.kind === 'forward');
    const { cluster, timeoutMs, routeName, virtualHost } = decision;
    assert.deepEqual([cluster, timeoutMs, routeName, virtualHost], ['hello', 250, 'hello', 'host']);
    assert.equal(routeNameOf(decide(request('/pkg.Svc/Hell'), table, clock, random)), 'rest');
    assert.equal(routeNameOf(decide(request('/pkg.Svc/Hello/'), table, clock, random)), 'rest');
  });

  it('says whether the authority or the path found nobody', () => {
    const table = compileRouteTable({
      version: '1',
      virtualHosts: [
        { name: 'host', domains: ['a'], routes: [route('x', { path: { kind: 'exact', value: '/x' } })] },
      ],
    });
    assert.deepEqual(decide(request('/x', {}, 'b'), table, clock, random), {
      kind: 'no-route',
      reason: 'no-virtual-host',
      virtualHost: '',
    });
    assert.deepEqual(decide(request('/y'), table, clock, random), {
      kind: 'no-route',
      reason: 'no-matching-route',
      virtualHost: 'host',
    });
  });

  it('does not fall back to the virtual host for anything when the one found has no route', () => {
    const table = compileRouteTable({
      version: '1',
      virtualHosts: [
        { name: 'all', domains: ['*'], routes: [route('all')] },
        { name: 'one', domains: ['a:1'], routes: [] },
      ],
    });
    assert.equal(decide(request('/', {}, 'a:1'), table, clock, random).kind, 'no-route');
    assert.equal(routeNameOf(decide(request('/', {}, 'a:2'), table, clock, random)), 'all');
  });

  it('compares an exact path without the query, and a prefix from the start', () => {
    const table = tableOf(
      route('exact', { path: { kind: 'exact', value: '/x' } }),
      route('prefix', { path: { kind: 'prefix', value: '/p' } }),
    );
    const named = (path: string): string | undefined =>
      routeNameOf(decide(request(path), table, clock, random));
    assert.equal(named('/x'), 'exact');
    assert.equal(named('/x?a=b'), 'exact');
    assert.equal(named('/xy'), undefined);
    assert.equal(named('/X'), undefined);
    assert.equal(named('/pq'), 'prefix');
    assert.equal(named('/a/p'), undefined);
  });

  describe('by headers', () => {
    const matches = (matcher: HeaderMatcher, headers: Readonly<Record<string, string>>): boolean =>
      decide(request('/', headers), tableOf(route('x', { headers: [matcher] })), clock, random).kind ===
      'forward';

    it('compares values exactly, by prefix, or asks only whether there is one', () => {
      const exact: HeaderMatcher = { kind: 'exact', name: 'version', value: 'v1', invert: false };
      assert.equal(matches(exact, { version: 'v1' }), true);
      assert.equal(matches(exact, { version: 'v10' }), false);
      const prefix: HeaderMatcher = { kind: 'prefix', name: 'version', value: 'v1', invert: false };
      assert.equal(matches(prefix, { version: 'v10' }), true);
      assert.equal(matches(prefix, { version: 'xv1' }), false);
      const present: HeaderMatcher = { kind: 'present', name: 'version', invert: false };
      assert.equal(matches(present, { version: '' }), true);
      assert.equal(matches(present, {}), false);
    });

    it('turns the answer round when inverted, but never matches a value that is not there', () => {
      const exact: HeaderMatcher = { kind: 'exact', name: 'version', value: 'v1', invert: true };
      assert.equal(matches(exact, { version: 'v1' }), false);
      assert.equal(matches(exact, { version: 'v2' }), true);
      assert.equal(matches(exact, {}), false);
      const present: HeaderMatcher = { kind: 'present', name: 'version', invert: true };
      assert.equal(matches(present, { version: 'v1' }), false);
      assert.equal(matches(present, {}), true);
    });

    it('compares with the empty value', () => {
      const empty: HeaderMatcher = { kind: 'exact', name: 'version', value: '', invert: false };
      assert.equal(matches(empty, { version: '' }), true);
      assert.equal(matches(empty, {}), false);
    });

    it('asks for names in lower case', () => {
      const exact: HeaderMatcher = { kind: 'exact', name: 'Version', value: 'v1', invert: false };
      assert.equal(matches(exact, { version: 'v1' }), true);
    });

    it('wants every matcher of a route to hold', () => {
      const headers: HeaderMatcher[] = [
        { kind: 'exact', name: 'version', value: 'v1', invert: false },
        { kind: 'present', name: 'user', invert: false },
      ];
      const table = tableOf(route('both', { headers }), route('rest'));
      const named = (given: Readonly<Record<string, string>>): string | undefined =>
        routeNameOf(decide(request('/', given), table, clock, random));
      assert.equal(named({ version: 'v1', user: 'x' }), 'both');
      assert.equal(named({ version: 'v1' }), 'rest');
      assert.equal(named({ user: 'x' }), 'rest');
    });
  });

  it('divides requests between clusters in proportion to their weights', () => {
    const clusters = [
      { cluster: 'v1', weight: 90 },
      { cluster: 'off', weight: 0 },
      { cluster: 'v2', weight: 10 },
    ];
    const table = tableOf(route('split', { clusters }));
    const counts = new Map<string, number>();
    for (let call = 0; call < 10_000; call++) {
      const decision = decide(request('/'), table, clock, random);
      assert.ok(decision.kind === 'forward');
      counts.set(decision.cluster, (counts.get(decision.cluster) ?? 0) + 1);
    }
    assert.equal(counts.has('off'), false);
    assert.ok(Math.abs(counts.get('v2')! - 1_000) < 150, `${counts.get('v2')} of 10000`);
  });

  it('gives the same decision object for the same rule', () => {
    const table = tableOf(route('x'));
    assert.equal(decide(request('/a'), table, clock, random), decide(request('/b'), table, clock, random));
  });
});

describe('findRoute', () => {
  const headers: HeaderMatcher[] = [{ kind: 'exact', name: 'version', value: 'v1', invert: false }];
  const clusters = [
    { cluster: 'a', weight: 1 },
    { cluster: 'b', weight: 1 },
  ];
  const virtualHost = findVirtualHost(
    tableOf(route('one', { headers }), route('two', { headers }), route('rest', { clusters })),
    'a',
  )!;

  it('is the part of a decision that chance has nothing to do with', () => {
    const found = findRoute(virtualHost, request('/'))!;
    assert.equal(found.description.name, 'rest');
    assert.equal(findRoute(virtualHost, request('/')), found);
    const drawn = new Set(Array.from({ length: 100 }, () => drawDecision(found, random)));
    assert.equal(drawn.size, 2);
  });

  it('looks up a header once, however many routes ask for it, and anew for each request', () => {
    const looked: string[] = [];
    const asking = (version: string): RouteRequest => ({
      ...request('/'),
      header: (name) => {
        looked.push(`${name} ${version}`);
        return version;
      },
    });
    assert.equal(findRoute(virtualHost, asking('v0'))?.description.name, 'rest');
    assert.equal(findRoute(virtualHost, asking('v1'))?.description.name, 'one');
    assert.deepEqual(looked, ['version v0', 'version v1']);
  });
});

describe('decide, of paths alone or with chance', () => {
  it('allocates nothing', () => {
    const rules = ['/a', '/b', '/c'].map((value) => route(value, { path: { kind: 'exact', value } }));
    const clusters = [
      { cluster: 'v1', weight: 90 },
      { cluster: 'v2', weight: 10 },
    ];
    const table = compileRouteTable({
      version: '1',
      virtualHosts: [{ name: 'h', domains: ['a:50051'], routes: [...rules, route('rest', { clusters })] }],
    });
    const asked = request('/d', {}, 'a:50051');
    assertAllocatesNothing(() => decide(asked, table, clock, random));
  });
});

describe('decisionCacheable', () => {
  const cacheable = (...routes: RouteDescription[]): boolean =>
    decisionCacheable(findVirtualHost(tableOf(...routes), 'a')!);
  const split = { cluster: 'v1', weight: 1 };

  it('holds for a virtual host that looks at paths only', () => {
    assert.equal(cacheable(route('x', { path: { kind: 'exact', value: '/x' } }), route('rest')), true);
    assert.equal(cacheable(), true);
  });

  it('does not hold as soon as one route looks at a header', () => {
    const headers: HeaderMatcher[] = [{ kind: 'present', name: 'version', invert: false }];
    assert.equal(cacheable(route('rest'), route('x', { headers })), false);
  });

  it('does not hold when requests are divided between clusters', () => {
    assert.equal(cacheable(route('x', { clusters: [split, { cluster: 'v2', weight: 1 }] })), false);
    assert.equal(cacheable(route('x', { clusters: [split, { cluster: 'v2', weight: 0 }] })), true);
  });
});
