import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Random, seededRandom } from '../random.js';
import { FakeClock } from '../testing/index.js';
import { decide } from './decide.js';
import type { RouteDescription, RouteTableDescription, VirtualHostDescription } from './description.js';
import { explain } from './explain.js';
import type { HeaderMatcher, PathMatcher, Pattern, QueryMatcher, TextMatcher } from './match.js';
import type { RouteRequest } from './request.js';
import { compileRouteTable } from './route-table.js';

/** A second opinion on `decide`: no preparation, no cleverness, each sentence of the contract one line. */
function decideSlowly(request: RouteRequest, table: RouteTableDescription, random: Random): string {
  const host = hostFor(request.authority.toLowerCase(), table.virtualHosts);
  if (host === undefined) return 'no virtual host';
  const route = host.routes.find((candidate) => holdsAll(candidate, request));
  if (route === undefined) return `no route of ${host.name}`;
  if (route.action.kind !== 'forward') return `${route.name} ${route.action.kind}`;
  const inUse = route.action.clusters.filter(({ weight }) => weight > 0);
  if (inUse.length === 1) return `${route.name} to ${inUse[0]!.cluster}`;
  // One ticket for each unit of weight.
  const tickets = inUse.flatMap(({ cluster, weight }) => Array.from({ length: weight }, () => cluster));
  return `${route.name} to ${tickets[random.int(tickets.length)]}`;
}

function hostFor(name: string, hosts: readonly VirtualHostDescription[]): VirtualHostDescription | undefined {
  const claims = hosts.flatMap((host) =>
    host.domains.map((domain) => ({ host, domain: domain.toLowerCase() })),
  );
  const longestFirst = claims.sort((a, b) => b.domain.length - a.domain.length);
  const isSuffix = ({ domain }: { domain: string }): boolean =>
    domain.startsWith('*') && domain.length <= name.length && name.endsWith(domain.slice(1));
  const isPrefix = ({ domain }: { domain: string }): boolean =>
    domain.endsWith('*') && domain.length <= name.length && name.startsWith(domain.slice(0, -1));
  const found =
    claims.find(({ domain }) => domain === name) ??
    longestFirst.find((claim) => claim.domain !== '*' && isSuffix(claim)) ??
    longestFirst.find((claim) => claim.domain !== '*' && isPrefix(claim)) ??
    claims.find(({ domain }) => domain === '*');
  return found?.host;
}

function holdsAll({ match }: RouteDescription, request: RouteRequest): boolean {
  const { path, headers, queryParameters = [] } = match;
  return (
    pathHolds(path, request.path) &&
    headers.every((matcher) => headerHolds(matcher, request)) &&
    queryParameters.every((matcher) => queryHolds(matcher, request.path))
  );
}

function pathHolds(matcher: PathMatcher, path: string): boolean {
  const bare = path.split(/[?#]/)[0]!;
  if (matcher.kind === 'regex') return matcher.pattern.test(bare);
  const fold = (text: string): string => (matcher.ignoreCase === true ? text.toLowerCase() : text);
  const value = fold(matcher.value);
  if (matcher.kind === 'exact') return fold(bare) === value;
  if (matcher.kind === 'prefix') return fold(path).startsWith(value);
  return fold(bare) === value || fold(bare).startsWith(`${value}/`);
}

function headerHolds(matcher: HeaderMatcher, request: RouteRequest): boolean {
  const name = matcher.name.toLowerCase();
  const pseudo: Record<string, string | undefined> = {
    ':method': request.method,
    ':scheme': request.scheme,
    ':authority': request.authority,
    ':path': request.path,
  };
  const value = name in pseudo ? pseudo[name] : request.header(name);
  if (matcher.kind === 'present') return matcher.invert ? value === undefined : value !== undefined;
  if (value === undefined && matcher.treatMissingAsEmpty !== true) return false;
  const text = value ?? '';
  const holds =
    matcher.kind === 'range'
      ? /^[+-]?\d+$/.test(text.trim()) && Number(text) >= matcher.start && Number(text) < matcher.end
      : textHolds(matcher, text);
  return matcher.invert ? !holds : holds;
}

function textHolds(matcher: TextMatcher, text: string): boolean {
  if (matcher.kind === 'regex') return matcher.pattern.test(text);
  const fold = (one: string): string => (matcher.ignoreCase === true ? one.toLowerCase() : one);
  const at = fold(text).indexOf(fold(matcher.value));
  const last = fold(text).lastIndexOf(fold(matcher.value));
  switch (matcher.kind) {
    case 'exact':
      return fold(text) === fold(matcher.value);
    case 'prefix':
      return at === 0;
    case 'suffix':
      return last !== -1 && last + matcher.value.length === text.length;
    case 'contains':
      return at !== -1;
  }
}

function queryHolds(matcher: QueryMatcher, path: string): boolean {
  const query = path.split('#')[0]!.split('?').slice(1).join('?');
  const pairs = path.includes('?') ? query.split('&').map((pair) => pair.split('=')) : [];
  const pair = pairs.find(([name]) => name === matcher.name);
  if (pair === undefined) return false;
  return matcher.kind === 'present' || textHolds(matcher, pair.slice(1).join('='));
}

/** Tables and requests from so few words that they often meet, and nearly meet. */
class Words {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  chance(percent: number): boolean {
    return this.#random.int(100) < percent;
  }

  one<T>(...choices: readonly T[]): T {
    return choices[this.#random.int(choices.length)]!;
  }

  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.#random.int(most + 1) }, make);
  }

  pattern(): Pattern {
    const source = this.one('a+', '/s(/.*)?', 'v[12]', '.*', '/S\\.T/m', '[^/]*', '');
    const compiled = new RegExp(`^(?:${source})$`);
    return { source, test: (text) => compiled.test(text) };
  }

  text(): TextMatcher {
    if (this.chance(15)) return { kind: 'regex', pattern: this.pattern() };
    const kind = this.one('exact', 'prefix', 'suffix', 'contains');
    return {
      kind,
      value: this.one('a', 'A', 'aa', 'v1', 'V1', '', '10', 'v2', 'get'),
      ignoreCase: this.chance(30),
    };
  }

  path(): PathMatcher {
    if (this.chance(15)) return { kind: 'regex', pattern: this.pattern() };
    const kind = this.one('exact', 'prefix', 'prefix', 'prefix', 'path-separated-prefix');
    return {
      kind,
      value: this.one('/', '/', '/s', '/s', '/S', '/s.t/m', '/S.T', '/s/x', '/s?a'),
      ignoreCase: this.chance(30),
    };
  }

  header(): HeaderMatcher {
    const name = this.one('x', 'X', 'y', ':method', ':scheme', ':authority', ':path');
    const invert = this.chance(25);
    const base = { name, invert, treatMissingAsEmpty: this.chance(25) };
    if (this.chance(20)) return { ...base, kind: 'present' };
    if (this.chance(20))
      return { ...base, kind: 'range', start: this.one(-5, 0, 5), end: this.one(5, 10, 11) };
    return { ...base, ...this.text() };
  }

  query(): QueryMatcher {
    const name = this.one('a', 'b');
    return this.chance(30) ? { kind: 'present', name } : { ...this.text(), name };
  }

  route(name: string): RouteDescription {
    const match = {
      path: this.path(),
      headers: this.some(2, () => this.header()),
      queryParameters: this.chance(20) ? this.some(2, () => this.query()) : [],
    };
    if (this.chance(5)) return { name, match, action: { kind: 'redirect', status: 301 } };
    if (this.chance(5)) return { name, match, action: { kind: 'direct-response', status: 200, body: '' } };
    const others = this.some(2, () => ({ cluster: this.one('b', 'c'), weight: this.#random.int(5) }));
    const clusters = [{ cluster: 'a', weight: 1 + this.#random.int(5) }, ...others];
    return { name, match, action: { kind: 'forward', clusters, timeoutMs: 0 } };
  }

  table(): RouteTableDescription {
    const free = new Set(['a', 'a.b', 'A.B:1', '*', '*.b', 'a.*', '*b', '*.a.b', 'a*', 'a.b.*']);
    const virtualHosts = Array.from({ length: 1 + this.#random.int(3) }, (_, host) => {
      const domains = [...free].filter((domain) => this.chance(domain === '*' ? 60 : 35));
      for (const domain of domains) free.delete(domain);
      const routes = Array.from({ length: this.#random.int(8) }, (_item, index) =>
        this.route(`${host}.${index}`),
      );
      return { name: `host ${host}`, domains, routes };
    });
    return { version: '1', virtualHosts };
  }

  request(): RouteRequest {
    const headers: Record<string, string> = {};
    for (const name of ['x', 'y']) {
      if (this.chance(60))
        headers[name] = this.one('a', 'A', 'aa', 'v1', 'V10', '', '10', '-5', ' 7 ', '5.5', 'v1,v2');
    }
    return {
      authority: this.one('a', 'A.b', 'a.b:1', 'x.b', 'a.x', 'x.a.b', 'a.b.c', 'q', '', 'xb', 'ax'),
      path:
        this.one('/', '/s', '/S', '/sx') +
        this.one('', '', '.t/m', '.T/m', '/x', '/') +
        this.one('', '', '?a', '?a=v1&b', '?b=a=v1&a', '#a', '?b=V1#?a'),
      method: this.one('POST', 'GET', 'get'),
      scheme: this.one('http', 'a', undefined),
      header: (name) => headers[name],
    };
  }
}

const requests = Number(process.env['WEIR_DECIDE_REQUESTS'] ?? 200_000);
const perTable = 200;

describe('decide', () => {
  it(
    `agrees with a slow and obvious implementation on ${requests} random requests`,
    { timeout: 600_000 },
    () => {
      const words = new Words(seededRandom(20));
      const clock = new FakeClock();
      const seen = { matched: 0, none: 0 };
      for (let table = 0; table < requests / perTable; table++) {
        const description = words.table();
        const compiled = compileRouteTable(description);
        for (let index = 0; index < perTable; index++) {
          const request = words.request();
          const seed = table * perTable + index;
          const expected = decideSlowly(request, description, seededRandom(seed));
          const decision = decide(request, compiled, clock, seededRandom(seed));
          const actual =
            decision.kind === 'forward'
              ? `${decision.routeName} to ${decision.cluster}`
              : decision.kind !== 'no-route'
                ? `${decision.routeName} ${decision.kind}`
                : decision.virtualHost === ''
                  ? 'no virtual host'
                  : `no route of ${decision.virtualHost}`;
          if (actual !== expected)
            assert.equal(actual, expected, `request ${seed}: ${JSON.stringify(request)}`);
          if (decision.kind === 'no-route') seen.none += 1;
          else seen.matched += 1;

          if (index % 8 !== 0) continue;
          const { matched, passedOver } = explain(request, compiled);
          assert.equal(matched?.name, decision.kind === 'no-route' ? undefined : decision.routeName);
          if (matched !== undefined) assert.equal(passedOver.length, matched.index);
        }
      }
      // Words that never met would agree on nothing.
      assert.ok(seen.matched > requests / 4 && seen.none > requests / 10, JSON.stringify(seen));
    },
  );
});
