import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RouteDescription, VirtualHostDescription } from './description.js';
import { compileRouteTable } from './route-table.js';

function route(value: string): RouteDescription {
  const clusters = [{ cluster: 'c', weight: 1 }];
  return {
    name: value,
    match: { path: { kind: 'prefix', value }, headers: [] },
    action: { kind: 'forward', clusters, timeoutMs: 0 },
  };
}

function pathsOf(...prefixes: string[]): (path: string) => readonly string[] {
  const host: VirtualHostDescription = { name: 'h', domains: ['*'], routes: prefixes.map(route) };
  const { paths } = compileRouteTable({ version: '1', virtualHosts: [host] }).virtualHosts[0]!;
  return (path) =>
    paths
      .routesFor({ authority: 'a', path, method: 'POST', header: () => undefined })
      .map(({ description }) => description.name);
}

describe('PathIndex', () => {
  it('finds the routes that a path leaves in question, in their order, each time alike', () => {
    const routesFor = pathsOf('/a/b', '/', '/b', '/a');
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(routesFor('/a/b/c'), ['/a/b', '/', '/a']);
      assert.deepEqual(routesFor('/x'), ['/']);
      assert.deepEqual(routesFor('x'), []);
    }
  });

  it('is right about more paths than it remembers, and about paths of any length', () => {
    const routesFor = pathsOf('/even', '/odd');
    for (let time = 0; time < 2; time++) {
      for (let number = 0; number < 1_000; number++) {
        const name = number % 2 === 0 ? '/even' : '/odd';
        assert.deepEqual(routesFor(`${name}/${number}`), [name]);
      }
      assert.deepEqual(routesFor(`/odd/${'x'.repeat(5_000)}`), ['/odd']);
    }
  });
});
