import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';

/** A message of the generated kind, of which only the names of the fields are known. */
export type Fields = Readonly<Record<string, unknown>>;

export interface FieldSample {
  /** As in the generated messages. */
  readonly name: string;
  /** Some value that is not the default. */
  readonly sample: unknown;
  /** The names of the others of its oneof. */
  readonly exclusive: readonly string[];
  readonly deprecated: boolean;
}

/** Every field that a message has in Envoy's .proto files, with a value to set it to. */
export function fieldsOf(messageName: string): readonly FieldSample[] {
  return schema.lookupType(messageName).fieldsArray.map((field) => ({
    name: nameOf(field),
    sample: sampleOf(field),
    exclusive: (field.partOf?.fieldsArray ?? []).filter((other) => other !== field).map(nameOf),
    deprecated: field.options?.['deprecated'] === true,
  }));
}

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
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/extensions/filters/http/fault/v3/fault.proto',
  'envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
]);

/** `consecutive_5xx` is `consecutive5xx` in the generated messages. */
function nameOf(field: protobuf.Field): string {
  return field.name.replace(/_(\d)/g, '$1');
}

function sampleOf(field: protobuf.Field, depth = 0): unknown {
  field.resolve();
  const value = scalarOf(field) ?? messageOf(field.resolvedType as protobuf.Type, depth);
  if (field.map) return { x: value };
  return field.repeated ? [value] : value;
}

function scalarOf({ resolvedType, type }: protobuf.Field): unknown {
  if (resolvedType instanceof protobuf.Enum) return Object.keys(resolvedType.values).at(-1);
  if (resolvedType instanceof protobuf.Type) return undefined;
  if (type === 'string') return 'x';
  if (type === 'bytes') return Uint8Array.of(1);
  return type === 'bool' ? true : 7;
}

function messageOf(type: protobuf.Type, depth: number): Fields {
  const set: Record<string, unknown> = {};
  const chosen = new Set<protobuf.OneOf>();
  for (const field of type.fieldsArray) {
    if (depth > 3 || (field.partOf !== null && chosen.has(field.partOf))) continue;
    if (field.partOf !== null) chosen.add(field.partOf);
    set[nameOf(field)] = sampleOf(field, depth + 1);
  }
  return set;
}
