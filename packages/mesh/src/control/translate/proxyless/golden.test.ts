import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ManifestSet } from '../../../kube/directory/manifest-set.js';
import { checkSnapshot, formatDangling } from '../../../xds/snapshot.js';
import { anyToJson } from '../../../xds/to-json.js';
import { PUSH_ORDER, shortTypeName } from '../../../xds/type-urls.js';
import { PublishedSnapshots } from '../../push/published-snapshots.js';
import type { Client } from '../../registry/client.js';
import { Registry } from '../../registry/registry.js';
import { grpcProfile, type ClientProfile } from '../client-profile.js';

/** The cases of the sidecar, and beside this file what each gRPC library is to get for them. */
const CASES = new URL('../../../../src/control/translate/sidecar/golden/', import.meta.url);
const GOLDEN = new URL('../../../../src/control/translate/proxyless/golden/', import.meta.url);

const PROFILES: readonly ClientProfile[] = [
  grpcProfile('grpc-node', 14),
  grpcProfile('grpc-core', 51),
  grpcProfile('grpc-go', 73),
  grpcProfile('grpc-java', 68),
];

const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => assert.fail(message) };

/** A first line such as `# client: {namespace: shop, labels: {app: web}}` says who asks. */
function clientOf(text: string): Client {
  const [, said = '{}'] = /^# client: (.*)$/m.exec(text) ?? [];
  return { namespace: 'default', labels: {}, locality: undefined, ...(parse(said) as Partial<Client>) };
}

function sourceOf(text: string, profile: ClientProfile) {
  const set = new ManifestSet();
  set.put('input.yaml', text);
  const published = new PublishedSnapshots({ balancer: 'least_request', logger });
  published.publish(new Registry().update(set.objects));
  return published.sourceFor(clientOf(text), profile);
}

function translateAll(text: string, profile: ClientProfile): object {
  const source = sourceOf(text, profile);
  const { types } = source.current() ?? assert.fail();
  const limits: unknown[] = [];
  const resources = PUSH_ORDER.map((typeUrl) => {
    const all = [...types[typeUrl].resources.values()];
    for (const { name } of all) {
      for (const limit of source.limitsOf(typeUrl, name))
        limits.push({ of: `${shortTypeName(typeUrl)} ${name}`, ...limit });
    }
    return [shortTypeName(typeUrl), all.map(({ bytes: value }) => anyToJson({ typeUrl, value }))] as const;
  });
  return JSON.parse(JSON.stringify({ ...Object.fromEntries(resources), limits })) as object;
}

const cases = readdirSync(CASES).filter((name) => name.endsWith('.yaml'));
assert.ok(cases.length > 0);

for (const name of cases) {
  const text = readFileSync(new URL(name, CASES), 'utf8');
  for (const profile of PROFILES) {
    test(`${name} for ${profile.kind} ${profile.version} translates to what is written beside it`, () => {
      const actual = translateAll(text, profile);
      const expected = new URL(`${name.replace('.yaml', '')}.${profile.kind}.json`, GOLDEN);
      if (process.env['WEIR_UPDATE_GOLDEN'] === '1') {
        mkdirSync(GOLDEN, { recursive: true });
        writeFileSync(expected, `${JSON.stringify(actual, undefined, 2)}\n`);
      }
      assert.deepEqual(actual, JSON.parse(readFileSync(expected, 'utf8')));
    });

    test(`${name} for ${profile.kind} leads nowhere that is not there`, () => {
      const snapshot = sourceOf(text, profile).current() ?? assert.fail();
      assert.deepEqual(checkSnapshot(snapshot).map(formatDangling), []);
    });
  }
}
