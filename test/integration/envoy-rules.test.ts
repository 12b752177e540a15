import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Client } from 'weir/dist/control/registry/client.js';
import { PublishedSnapshots } from 'weir/dist/control/push/published-snapshots.js';
import { Registry } from 'weir/dist/control/registry/registry.js';
import {
  grpcProfile,
  SIDECAR_PROFILE,
  type ClientProfile,
} from 'weir/dist/control/translate/client-profile.js';
import { ManifestSet } from 'weir/dist/kube/directory/manifest-set.js';
import { encodeCluster } from 'weir/dist/xds/generated/envoy.config.cluster.v3.js';
import type { Snapshot } from 'weir/dist/xds/snapshot.js';
import { parse } from 'yaml';
import { faultsOf } from '../support/envoy-rules/consistency.js';
import { validateMessage } from '../support/envoy-rules/validate.js';
import { repositoryRoot } from '../support/node-process.js';

const GOLDEN = join(repositoryRoot, 'packages/mesh/src/control/translate/sidecar/golden');
const cases = readdirSync(GOLDEN).filter((name) => name.endsWith('.yaml'));

const PROFILES: readonly ClientProfile[] = [
  SIDECAR_PROFILE,
  { ...SIDECAR_PROFILE, kind: 'envoy' },
  grpcProfile('grpc-node', 14),
  grpcProfile('grpc-core', 51),
  grpcProfile('grpc-core', 36),
  grpcProfile('grpc-go', 73),
  grpcProfile('grpc-java', 68),
];

function snapshotOf(text: string, profile: ClientProfile): Snapshot {
  const set = new ManifestSet();
  set.put('input.yaml', text);
  const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => assert.fail(message) };
  const published = new PublishedSnapshots({ balancer: 'least_request', logger });
  published.publish(new Registry().update(set.objects));
  const [, said = '{}'] = /^# client: (.*)$/m.exec(text) ?? [];
  const client: Client = {
    namespace: 'default',
    labels: {},
    locality: undefined,
    ...(parse(said) as Partial<Client>),
  };
  return published.sourceFor(client, profile).current() ?? assert.fail();
}

describe("whatever the control plane writes keeps Envoy's rules", () => {
  it('finds the cases', () => assert.ok(cases.length > 0));

  for (const name of cases) {
    for (const profile of PROFILES) {
      it(`${name} for ${profile.kind} ${profile.version}`, () => {
        const text = readFileSync(join(GOLDEN, name), 'utf8');
        assert.equal(faultsOf(snapshotOf(text, profile)).join('\n'), '');
      });
    }
  }

  it('finds what breaks them', () => {
    const bytes = encodeCluster({
      name: '',
      connectTimeout: { seconds: 0 },
      maglevLbConfig: { tableSize: { value: 6_000_000 } },
    });
    assert.deepEqual(validateMessage('envoy.config.cluster.v3.Cluster', bytes), [
      'name: is too short',
      'connect_timeout: must be above 0 s',
      'maglev_lb_config.table_size: must be at most 5000011',
    ]);
  });
});
