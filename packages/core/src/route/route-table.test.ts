import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WeightedCluster } from './actions.js';
import type { RouteDescription, VirtualHostDescription } from './description.js';
import { compileRouteTable } from './route-table.js';

function forwardTo(...clusters: WeightedCluster[]): RouteDescription {
  return {
    name: 'default',
    match: { path: { kind: 'prefix', value: '/' }, headers: [] },
    action: { kind: 'forward', clusters, timeoutMs: 0 },
  };
}

function compile(...virtualHosts: VirtualHostDescription[]): ReturnType<typeof compileRouteTable> {
  return compileRouteTable({ version: '7', virtualHosts });
}

describe('compileRouteTable', () => {
  it('keeps the version and the virtual hosts in their order', () => {
    const table = compile(
      { name: 'b', domains: ['b'], routes: [] },
      { name: 'a', domains: ['a'], routes: [forwardTo({ cluster: 'c', weight: 1 })] },
    );
    assert.equal(table.version, '7');
    assert.deepEqual(
      table.virtualHosts.map(({ name }) => name),
      ['b', 'a'],
    );
  });

  it('refuses a domain that two virtual hosts claim and names both', () => {
    assert.throws(
      () =>
        compile(
          { name: 'one', domains: ['a'], routes: [] },
          { name: 'two', domains: ['b', 'A'], routes: [] },
        ),
      { name: 'RangeError', message: /^virtual host "two": domains\[1\]: "A" is taken .* "one"/ },
    );
  });

  it('refuses a domain with a wildcard in the middle and says where it stands', () => {
    assert.throws(() => compile({ name: 'one', domains: ['a.*.b'], routes: [] }), {
      message: /^virtual host "one": domains\[0\]: domain "a\.\*\.b"/,
    });
  });

  it('refuses clusters that no request could be sent to', () => {
    const refused: WeightedCluster[][] = [
      [],
      [{ cluster: 'c', weight: 0 }],
      [{ cluster: 'c', weight: -1 }],
      [{ cluster: 'c', weight: 0.5 }],
      [
        { cluster: 'c', weight: 2 ** 32 },
        { cluster: 'd', weight: 1 },
      ],
    ];
    for (const clusters of refused) {
      assert.throws(() => compile({ name: 'one', domains: ['a'], routes: [forwardTo(...clusters)] }), {
        message: /^virtual host "one": routes\[0\]: .*weight/,
      });
    }
  });
});
