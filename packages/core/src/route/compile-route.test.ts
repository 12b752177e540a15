import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRetryOn } from '../resilience/retry-on.js';
import type { RetryPolicy } from '../resilience/retry-policy.js';
import { seededRandom } from '../random.js';
import { FakeClock } from '../testing/index.js';
import type { ForwardAction, WeightedCluster } from './actions.js';
import { decide } from './decide.js';
import type { Decision, ForwardDecision } from './decision.js';
import type { RouteDescription, VirtualHostDescription } from './description.js';
import type { HeaderOperation } from './header-operations.js';
import { clustersOf, compileRouteTable, decisionCacheable } from './route-table.js';

const anyPath = { path: { kind: 'prefix', value: '/' }, headers: [] } as const;
const forward: ForwardAction = { kind: 'forward', clusters: [{ cluster: 'c', weight: 1 }], timeoutMs: 0 };

interface Levels {
  readonly host?: Partial<VirtualHostDescription>;
  readonly route?: Partial<RouteDescription>;
  readonly cluster?: Partial<WeightedCluster>;
  readonly mostSpecificHeadersWin?: boolean;
}

function decided({ host, route, cluster, mostSpecificHeadersWin = false }: Levels): Decision {
  const clusters = [{ cluster: 'c', weight: 1, ...cluster }];
  const routes = [{ name: 'r', match: anyPath, action: { ...forward, clusters }, ...route }];
  const virtualHosts = [{ name: 'h', domains: ['*'], routes, ...host }];
  const table = compileRouteTable({ version: '1', virtualHosts, mostSpecificHeadersWin });
  const request = { authority: 'a', path: '/x', method: 'POST', header: () => undefined };
  return decide(request, table, new FakeClock(), seededRandom(1));
}

function forwarded(levels: Levels): ForwardDecision {
  const decision = decided(levels);
  assert.ok(decision.kind === 'forward');
  return decision;
}

function retryTimes(maxRetries: number): RetryPolicy {
  const on = parseRetryOn('unavailable').on;
  return {
    on,
    maxRetries,
    perTryTimeoutMs: 0,
    backoff: { baseMs: 25, capMs: 250 },
    avoidPreviousHosts: true,
  };
}

describe('a decision', () => {
  it('carries all that the route says, and nothing means nothing', () => {
    const plain = forwarded({});
    assert.deepEqual(plain, {
      kind: 'forward',
      routeName: 'r',
      virtualHost: 'h',
      path: anyPath.path,
      cluster: 'c',
      timeoutMs: 0,
      maxGrpcTimeoutMs: 0,
      maxStreamDurationMs: 0,
      idleTimeoutMs: 0,
      retry: undefined,
      hedging: undefined,
      mirrors: [],
      pathRewrite: undefined,
      hostRewrite: undefined,
      hash: [],
      requestHeaders: [],
      responseHeaders: [],
      fault: undefined,
      rateLimit: undefined,
    });
  });

  it("takes the virtual host's retries for routes that have none of their own", () => {
    const host = { retry: retryTimes(1) };
    assert.equal(forwarded({ host }).retry?.maxRetries, 1);
    assert.equal(
      forwarded({ host, route: { action: { ...forward, retry: retryTimes(3) } } }).retry?.maxRetries,
      3,
    );
  });

  it('makes the header changes of all levels, the most general last unless told otherwise', () => {
    const set = (
      value: string,
    ): { requestHeaders: HeaderOperation[]; responseHeaders: HeaderOperation[] } => ({
      requestHeaders: [{ kind: 'set', name: 'x', value }],
      responseHeaders: [{ kind: 'add', name: 'y', value }],
    });
    const levels = { host: set('host'), route: set('route'), cluster: set('cluster') };
    const values = (operations: readonly HeaderOperation[]): string[] =>
      operations.map((operation) => (operation.kind === 'remove' ? '' : operation.value));
    assert.deepEqual(values(forwarded(levels).requestHeaders), ['cluster', 'route', 'host']);
    assert.deepEqual(values(forwarded(levels).responseHeaders), ['cluster', 'route', 'host']);
    const turned = forwarded({ ...levels, mostSpecificHeadersWin: true });
    assert.deepEqual(values(turned.requestHeaders), ['host', 'route', 'cluster']);
  });

  it('takes fault and rate limit from the most specific level that has them, and keys the bucket by it', () => {
    const limit = (maxTokens: number) => ({
      rateLimit: { maxTokens, tokensPerFill: 1, fillIntervalMs: 1_000 },
    });
    const fault = (delayMs: number) => ({
      fault: { delay: { delayMs, fraction: { numerator: 1, denominator: 100 } } },
    });
    const host = { ...limit(1), ...fault(1) };
    const route = { ...limit(2), ...fault(2) };
    const cluster = { ...limit(3), ...fault(3) };
    const summary = (levels: Levels): unknown[] => {
      const { rateLimit, fault: harm } = forwarded(levels);
      return [rateLimit?.policy.maxTokens, rateLimit?.key, harm?.delay?.delayMs];
    };
    assert.deepEqual(summary({ host }), [1, 'h', 1]);
    assert.deepEqual(summary({ host, route }), [2, 'h/r', 2]);
    assert.deepEqual(summary({ host, route, cluster }), [3, 'h/r/c', 3]);
  });

  it("takes the destination's host rewrite before the route's", () => {
    const action = { ...forward, hostRewrite: { kind: 'literal', value: 'route' } } as const;
    assert.deepEqual(forwarded({ route: { action } }).hostRewrite, action.hostRewrite);
    const own = { kind: 'literal', value: 'cluster' } as const;
    const clusters = [{ cluster: 'c', weight: 1, hostRewrite: own }];
    assert.equal(forwarded({ route: { action: { ...action, clusters } } }).hostRewrite, own);
  });

  it('may be a redirect or an answer', () => {
    const redirect = decided({ route: { action: { kind: 'redirect', status: 301, host: 'b' } } });
    assert.ok(redirect.kind === 'redirect');
    assert.equal(redirect.redirect.host, 'b');
    const answer = decided({ route: { action: { kind: 'direct-response', status: 503, body: 'no' } } });
    assert.ok(answer.kind === 'direct-response');
    assert.equal(answer.response.body, 'no');
  });

  it('is refused when a share is no share, and the message says where', () => {
    const fraction = { numerator: 1, denominator: 0 };
    const wrong: [Levels, RegExp][] = [
      [
        { route: { fault: { delay: { delayMs: 1, fraction } } } },
        /routes\[0\]: fault.delay: must be a share/,
      ],
      [
        { host: { fault: { abort: { status: { kind: 'grpc', code: 1 }, fraction } } } },
        /fault.abort: must be a share/,
      ],
      [{ cluster: { fault: { delay: { delayMs: 1, fraction } } } }, /fault.delay: must be a share/],
      [
        { route: { action: { ...forward, mirrors: [{ cluster: 'm', fraction }] } } },
        /routes\[0\]: mirrors\[0\].fraction: must be a share/,
      ],
    ];
    for (const [levels, message] of wrong)
      assert.throws(() => decided(levels), { name: 'RangeError', message });
  });
});

describe('a virtual host', () => {
  const looking = (...headers: string[]) => {
    const matchers = headers.map((name) => ({ kind: 'present', name, invert: false }) as const);
    const route: RouteDescription = { name: 'r', match: { ...anyPath, headers: matchers }, action: forward };
    const table = compileRouteTable({
      version: '1',
      virtualHosts: [{ name: 'h', domains: ['*'], routes: [route, route] }],
    });
    return table.virtualHosts[0]!;
  };

  it('tells which headers it looks at beside authority and path, each once', () => {
    assert.deepEqual(looking('X', ':method', ':authority', 'x', ':path').headersLookedAt, ['x', ':method']);
    assert.equal(decisionCacheable(looking(':authority')), true);
    assert.equal(decisionCacheable(looking(':method')), false);
  });
});

describe('clustersOf', () => {
  it('names every cluster that can be sent to', () => {
    const none = { numerator: 0, denominator: 100 };
    const action: ForwardAction = {
      ...forward,
      clusters: [
        { cluster: 'a', weight: 1 },
        { cluster: 'off', weight: 0 },
      ],
      mirrors: [
        { cluster: 'm', fraction: { numerator: 1, denominator: 100 } },
        { cluster: 'never', fraction: none },
      ],
    };
    const routes: RouteDescription[] = [
      { name: '', match: anyPath, action },
      { name: '', match: anyPath, action: { kind: 'direct-response', status: 200, body: '' } },
    ];
    const virtualHosts = [{ name: 'h', domains: ['*'], routes }];
    assert.deepEqual([...clustersOf({ version: '1', virtualHosts })], ['a', 'm']);
  });
});
