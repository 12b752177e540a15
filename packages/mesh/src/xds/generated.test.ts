import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { seededRandom, type Random } from '@weir/core';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { decodeCluster, encodeCluster } from './generated/envoy.config.cluster.v3.js';
import { decodeSocketAddress, encodeSocketAddress } from './generated/envoy.config.core.v3.js';
import { decodeDiscoveryRequest, encodeDiscoveryRequest } from './generated/envoy.service.discovery.v3.js';
import { decodeBoolValue, encodeBoolValue } from './generated/google.protobuf.js';

// The independent judge: protobufjs' own reflection over the same .proto files.
const modules = join(dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js/package.json')), '..');
const schema = new protobuf.Root();
schema.resolvePath = (_origin, target) => {
  const places = ['envoy-api', 'googleapis', 'xds', 'protoc-gen-validate'].map((name) =>
    join(modules, 'grpc-js-xds/deps', name, target),
  );
  return protobuf.common.get(target) === null
    ? ([...places, join(modules, '../protobufjs', target)].find(existsSync) ?? target)
    : target;
};
schema.loadSync([
  'envoy/service/discovery/v3/discovery.proto',
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/route/v3/route.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/endpoint/v3/endpoint.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
]);

const judged = [
  'envoy.service.discovery.v3.DiscoveryRequest',
  'envoy.service.discovery.v3.DiscoveryResponse',
  'envoy.service.discovery.v3.DeltaDiscoveryRequest',
  'envoy.config.listener.v3.Listener',
  'envoy.config.route.v3.RouteConfiguration',
  'envoy.config.cluster.v3.Cluster',
  'envoy.config.endpoint.v3.ClusterLoadAssignment',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
];

for (const typeName of judged) {
  test(`${typeName} survives decoding and encoding as the reference implementation sees it`, async () => {
    const type = schema.lookupType(typeName);
    const cut = typeName.lastIndexOf('.');
    const name = typeName.slice(cut + 1);
    const module: Record<string, (argument: unknown) => unknown> = await import(
      `./generated/${typeName.slice(0, cut)}.js`
    );
    const property = fc.property(fc.integer(), (seed) => {
      const bytes = type.encode(type.create(randomMessage(type, seededRandom(seed), 0))).finish();
      const decoded = module[`decode${name}`]?.(bytes);
      const again = module[`encode${name}`]?.(decoded) as Uint8Array;
      assert.deepEqual(plain(type, again), plain(type, bytes));
    });
    fc.assert(property, { seed: 3, numRuns: 60 });
  });
}

function plain(type: protobuf.Type, bytes: Uint8Array): object {
  return type.toObject(type.decode(bytes), { longs: String, enums: String, bytes: String });
}

/** A message with some fields set, fewer the deeper it lies, and at most one of each oneof. */
function randomMessage(type: protobuf.Type, random: Random, depth: number): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  const chosen = new Set<protobuf.OneOf>();
  const fields = type.fieldsArray.filter((field) => !isLeftOut(field));
  for (const field of fields) {
    field.resolve();
    if (random.next() > 0.5 / (depth + 1) || (depth > 3 && field.resolvedType instanceof protobuf.Type))
      continue;
    if (field.partOf !== null) {
      if (chosen.has(field.partOf)) continue;
      chosen.add(field.partOf);
    }
    const value = () => randomValue(field, random, depth);
    if (field.map) message[field.name] = { k: value(), '': value() };
    else message[field.name] = field.repeated ? [value(), value()] : value();
  }
  return message;
}

/** A deprecated field whose message nothing else uses is not generated. */
function isLeftOut(field: protobuf.Field): boolean {
  return Boolean(field.options?.['deprecated']);
}

function randomValue(field: protobuf.Field, random: Random, depth: number): unknown {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return randomMessage(resolvedType, random, depth + 1);
  if (resolvedType instanceof protobuf.Enum) {
    const numbers = Object.values(resolvedType.values);
    return numbers[random.int(numbers.length)];
  }
  if (field.type === 'string') return ['', 'ä€😀', 'x'.repeat(200)][random.int(3)];
  if (field.type === 'bytes') return Buffer.alloc(random.int(300), 7);
  if (field.type === 'bool') return random.next() < 0.5;
  if (field.type === 'double' || field.type === 'float') return random.int(1000) / 8;
  if (field.type.startsWith('u') || field.type.startsWith('fixed')) return random.int(2 ** 32);
  return random.int(2 ** 32) - 2 ** 31;
}

test('a field that is absent is undefined, one of a oneof is there even at its default', () => {
  assert.deepEqual(decodeCluster(new Uint8Array(0)), {});
  assert.deepEqual(decodeSocketAddress(encodeSocketAddress({ address: '', portValue: 0 })), { portValue: 0 });
  assert.deepEqual(decodeBoolValue(encodeBoolValue({ value: false })), {});
});

test('unknown fields are skipped', () => {
  const unknown = Buffer.from([0xf8, 0x7f, 0x01, 0xfa, 0x7f, 0x02, 0x61, 0x62]);
  const bytes = Buffer.concat([unknown, encodeCluster({ name: 'a' }), unknown]);
  assert.deepEqual(decodeCluster(bytes), { name: 'a' });
});

test('an enum value of a later Envoy is left out', () => {
  assert.deepEqual(decodeCluster(Uint8Array.of(0x30, 0x63)), {});
});

test('integers of 64 bits are numbers', () => {
  const seconds = 2 ** 40 + 1;
  assert.deepEqual(decodeCluster(encodeCluster({ connectTimeout: { seconds, nanos: -1 } })), {
    connectTimeout: { seconds, nanos: -1 },
  });
});

test('a nested message that is longer than its parent is refused', () => {
  const bytes = encodeDiscoveryRequest({ node: { id: 'a', cluster: 'b' }, typeUrl: 't' });
  for (let end = 1; end < bytes.length; end++) {
    try {
      decodeDiscoveryRequest(bytes.subarray(0, end));
    } catch (error) {
      assert.ok(error instanceof Error);
    }
  }
  // node (field 2) of 9 bytes whose id (field 1) claims 20, with enough bytes after the node to satisfy it.
  const overrun = Buffer.concat([Buffer.from([0x12, 0x09, 0x0a, 0x14]), Buffer.alloc(40, 0x61)]);
  assert.throws(() => decodeDiscoveryRequest(overrun), RangeError);
});
