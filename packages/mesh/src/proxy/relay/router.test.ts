import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRouteTable, type HeaderMatcher, type RouteTable } from '@weir/core';
import { readRequest, type HeaderBlock } from '../../http2/header-block.js';
import { FieldInterner } from '../../http2/hpack/header-field.js';
import type { RelayContext } from './relay-context.js';
import { RelayRig, tableFor } from './relay-rig.test.support.js';
import { describeNoRoute, Router } from './router.js';

class Rig {
  readonly #interner = new FieldInterner();
  readonly #context: RelayContext;
  /** How often a decision was made. */
  lookups = 0;
  table: RouteTable | undefined = tableFor('echo:50051', 'echo');
  readonly config = {
    ...new RelayRig().context.config,
    configVersion: 1,
    route: (): RouteTable | undefined => {
      this.lookups++;
      return this.table;
    },
  };

  constructor() {
    this.#context = { ...new RelayRig().context, config: this.config };
  }

  router(fixed = false, destination = 'echo:50051'): Router {
    return new Router(this.#context, 50051, destination, fixed);
  }

  request(
    path: string,
    authority: string | undefined = 'echo:50051',
    more: [string, string][] = [],
  ): HeaderBlock {
    const fields: [string, string][] = [
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', path],
      ...(authority === undefined ? [] : [[':authority', authority] as [string, string]]),
      ...more,
    ];
    return readRequest(fields.map(([name, value]) => this.#interner.intern(name, value)))!;
  }
}

const clusterOf = (routed: { decision: { kind: string } }): unknown =>
  'cluster' in routed.decision ? routed.decision.cluster : routed.decision.kind;

describe('the router of a connection', () => {
  it('decides once for requests of the same path and authority', () => {
    const rig = new Rig();
    const router = rig.router();
    const first = router.route(rig.request('/a.B/C'));
    assert.equal(clusterOf(first), 'echo');
    assert.equal(router.route(rig.request('/a.B/C')).decision, first.decision);
    assert.equal(rig.lookups, 1);
    router.route(rig.request('/a.B/D'));
    assert.equal(rig.lookups, 2);
  });

  it('decides anew when the configuration has changed', () => {
    const rig = new Rig();
    const router = rig.router();
    router.route(rig.request('/a.B/C'));
    rig.table = tableFor('echo:50051', 'other');
    rig.config.configVersion++;
    assert.equal(clusterOf(router.route(rig.request('/a.B/C'))), 'other');
  });

  it('decides anew for another authority, unless the port stands for one service', () => {
    const rig = new Rig();
    const open = rig.router();
    open.route(rig.request('/a.B/C'));
    open.route(rig.request('/a.B/C', 'alias'));
    assert.equal(rig.lookups, 2);
    const fixed = rig.router(true);
    fixed.route(rig.request('/a.B/C'));
    fixed.route(rig.request('/a.B/C', 'alias'));
    assert.equal(rig.lookups, 3);
  });

  it('decides each time when a rule looks at other headers', () => {
    const rig = new Rig();
    const version = (value: string): HeaderMatcher => ({
      kind: 'exact',
      name: 'version',
      value,
      invert: false,
    });
    const routeTo = (cluster: string, headers: HeaderMatcher[]) => ({
      name: cluster,
      match: { path: { kind: 'prefix' as const, value: '/' }, headers },
      action: { kind: 'forward' as const, clusters: [{ cluster, weight: 1 }], timeoutMs: 0 },
    });
    rig.table = compileRouteTable({
      version: '1',
      virtualHosts: [
        { name: 'echo', domains: ['*'], routes: [routeTo('v2', [version('v2')]), routeTo('v1', [])] },
      ],
    });
    const router = rig.router();
    assert.equal(clusterOf(router.route(rig.request('/a.B/C'))), 'v1');
    assert.equal(clusterOf(router.route(rig.request('/a.B/C', undefined, [['version', 'v2']]))), 'v2');
    assert.equal(clusterOf(router.route(rig.request('/a.B/C'))), 'v1');
  });

  it('falls back to what the caller dialled when nobody answers to the authority', () => {
    const rig = new Rig();
    const routed = rig.router().route(rig.request('/a.B/C', 'alias.example'));
    assert.equal(clusterOf(routed), 'echo');
    assert.equal(routed.target, 'echo:50051');
  });

  it('takes the destination of a fixed port whatever the authority says', () => {
    const rig = new Rig();
    rig.table = compileRouteTable({
      version: '1',
      virtualHosts: ['echo', 'other'].map((name) => ({
        name,
        domains: [`${name}:50051`],
        routes: [
          {
            name: '',
            match: { path: { kind: 'prefix', value: '/' }, headers: [] },
            action: { kind: 'forward', clusters: [{ cluster: name, weight: 1 }], timeoutMs: 0 },
          },
        ],
      })),
    });
    const request = rig.request('/a.B/C', 'other:50051');
    assert.equal(clusterOf(rig.router(false).route(request)), 'other');
    assert.equal(clusterOf(rig.router(true).route(request)), 'echo');
  });

  it('takes the host field of a request without an authority', () => {
    const rig = new Rig();
    rig.table = tableFor('other:50051', 'other');
    const request = readRequest([
      ...rig.request('/a.B/C').fields.filter(({ name }) => name !== ':authority'),
      new FieldInterner().intern('host', 'other:50051'),
    ])!;
    assert.equal(clusterOf(rig.router().route(request)), 'other');
  });

  it('counts a method without its query, and nothing of strangers by their paths', () => {
    const rig = new Rig();
    const router = rig.router();
    const one = router.route(rig.request('/a.B/C?x=1'));
    const two = router.route(rig.request('/a.B/C?x=2'));
    assert.equal(one.metrics, two.metrics);
    rig.table = undefined;
    rig.config.configVersion++;
    const lost = router.route(rig.request('/a.B/C?x=1'));
    assert.notEqual(lost.metrics, one.metrics);
    assert.equal(lost.metrics, router.route(rig.request('/x/y')).metrics);
  });

  it('says whom nobody answers to', () => {
    const rig = new Rig();
    rig.table = undefined;
    const request = rig.request('/a.B/C', 'nobody:50051');
    assert.equal(describeNoRoute(rig.router().route(request), request), 'no service answers to "echo:50051"');
  });
});
