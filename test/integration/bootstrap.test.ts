import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { clientOfNode } from 'weir/dist/control/push/client-of-node.js';
import { structOf, type JsonObject } from 'weir/dist/xds/struct.js';
import { encodeJson, validateJson } from '../support/envoy-rules/validate.js';
import { repositoryRoot } from '../support/node-process.js';

const program = join(repositoryRoot, 'packages/mesh/bin/weir.js');

function bootstrap(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'bootstrap', ...args], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

test('the gRPC bootstrap is one that grpc-js-xds takes', () => {
  const require = createRequire(import.meta.url);
  // Not exported by the package itself.
  const home = join(require.resolve('@grpc/grpc-js-xds'), '..');
  const { validateBootstrapConfig } = require(join(home, 'xds-bootstrap.js')) as {
    validateBootstrapConfig(document: unknown): {
      readonly xdsServers: readonly { readonly server_uri: string }[];
    };
  };
  const document = JSON.parse(bootstrap('--service-account', 'web', '--server', '[::1]:15010')) as unknown;
  assert.equal(validateBootstrapConfig(document).xdsServers[0]?.server_uri, '[::1]:15010');
});

test('the control plane reads namespace, labels and place from the node of a bootstrap', () => {
  const args = ['--namespace', 'shop', '--label', 'app=web', '--locality', 'eu/eu-1'];
  const { node } = JSON.parse(bootstrap(...args)) as {
    readonly node: {
      readonly id: string;
      readonly metadata: JsonObject;
      readonly locality: { region: string; zone: string };
    };
  };
  const { id, metadata, locality } = node;
  assert.deepEqual(clientOfNode({ id, metadata: structOf(metadata), locality }), {
    namespace: 'shop',
    labels: { app: 'web' },
    locality: { region: 'eu', zone: 'eu-1', subZone: '' },
  });
});

test("the Envoy bootstrap keeps the types and rules of Envoy's own proto files", () => {
  for (const server of ['10.0.0.1:15010', 'weir.weir-system:15010']) {
    const document = JSON.parse(
      bootstrap('--envoy', '--service-account', 'web', '--server', server),
    ) as JsonObject;
    // The rules' reader takes plain messages: JSON's short forms are written out.
    assert.deepEqual(validateJson('envoy.config.bootstrap.v3.Bootstrap', plain(document) as object), []);
  }
});

test('--output writes the file instead of printing it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'weir-bootstrap-'));
  const file = join(directory, 'bootstrap.json');
  assert.equal(bootstrap('--output', file), '');
  assert.ok('xds_servers' in (JSON.parse(readFileSync(file, 'utf8')) as object));
  rmSync(directory, { recursive: true });
});

/** Durations, Structs and Any as the messages they are. */
function plain(value: unknown, key = ''): unknown {
  if (typeof value === 'string' && /^\d+s$/.test(value)) return { seconds: Number(value.slice(0, -1)) };
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value !== 'object' || value === null) return value;
  if (key === 'metadata') return { fields: {} };
  if ('@type' in value) {
    const { '@type': typeUrl, ...rest } = value;
    return {
      type_url: typeUrl,
      value: encodeJson(String(typeUrl).split('/').at(-1) ?? '', plain(rest) as object),
    };
  }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each, name)]));
}
