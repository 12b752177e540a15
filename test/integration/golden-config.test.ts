import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { seededRandom } from '@weir/core';
import { FakeClock } from '@weir/core/testing';
import type { Client } from 'weir/dist/control/registry/client.js';
import { Registry } from 'weir/dist/control/registry/registry.js';
import { ClientView } from 'weir/dist/control/translate/sidecar/client-view.js';
import { translateEntries, translateService } from 'weir/dist/control/translate/sidecar/translate-sidecar.js';
import { ManifestSet } from 'weir/dist/kube/directory/manifest-set.js';
import { ProxyConfig } from 'weir/dist/proxy/config/proxy-config.js';
import { encodeCluster } from 'weir/dist/xds/generated/envoy.config.cluster.v3.js';
import { encodeClusterLoadAssignment } from 'weir/dist/xds/generated/envoy.config.endpoint.v3.js';
import { encodeListener } from 'weir/dist/xds/generated/envoy.config.listener.v3.js';
import { encodeRouteConfiguration } from 'weir/dist/xds/generated/envoy.config.route.v3.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE } from 'weir/dist/xds/type-urls.js';
import { parse } from 'yaml';
import { repositoryRoot } from '../support/node-process.js';

const GOLDEN = join(repositoryRoot, 'packages/mesh/src/control/translate/sidecar/golden');

const cases = readdirSync(GOLDEN).filter((name) => name.endsWith('.yaml'));

/** Whom a case is for: its line `# client: {namespace: shop}` says so. */
function clientOf(text: string): Client {
  const [, said = '{}'] = /^# client: (.*)$/m.exec(text) ?? [];
  return { namespace: 'default', labels: {}, locality: undefined, ...(parse(said) as Partial<Client>) };
}

/** What the control plane sends for a case, in the order in which it is sent. */
function translate(text: string) {
  const set = new ManifestSet();
  set.put('input.yaml', text);
  const client = clientOf(text);
  const view = new ClientView(new Registry().update(set.objects), client);
  const entries = translateEntries(view, 'least_request');
  const all = [
    ...view.services.map((each) => translateService(each, view.ruleOf(each), client, 'least_request')),
    entries,
  ];
  return [
    [TYPE_CLUSTER, all.flatMap(({ clusters }) => clusters).map(encodeCluster)],
    [TYPE_ENDPOINT, all.flatMap(({ assignments }) => assignments).map(encodeClusterLoadAssignment)],
    [TYPE_LISTENER, entries.listeners.map(encodeListener)],
    [TYPE_ROUTE, entries.routes.map(encodeRouteConfiguration)],
  ] as const;
}

describe('whatever the control plane writes, the sidecar reads', () => {
  it('finds the cases', () => assert.ok(cases.length > 0));

  for (const name of cases) {
    it(name, () => {
      const logger = { debug() {}, info() {}, warn() {}, error() {} };
      const config = new ProxyConfig({
        clock: new FakeClock(),
        random: seededRandom(1),
        logger,
        controlPlane: 'a test',
        onSubscriptions() {},
      });
      for (const [typeUrl, messages] of translate(readFileSync(join(GOLDEN, name), 'utf8'))) {
        const resources = messages.map((value) => ({ typeUrl, value }));
        assert.deepEqual(config.apply(typeUrl, '1', resources), []);
      }
      assert.deepEqual(config.warnings, []);
      assert.equal(config.reason, '');
      config.close();
    });
  }
});
