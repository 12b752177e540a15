// Turns Envoy's .proto files (shipped in @grpc/grpc-js-xds) into TypeScript: one module per proto package,
// with an interface and static encode/decode functions per message. Only what the roots below reach is written.
// Skipped when neither this script nor the packages it reads have changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const files = [
  'envoy/service/discovery/v3/discovery.proto',
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/route/v3/route.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/endpoint/v3/endpoint.proto',
  'envoy/extensions/filters/http/fault/v3/fault.proto',
  'envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/client_side_weighted_round_robin.proto',
  'envoy/extensions/load_balancing_policies/least_request/v3/least_request.proto',
  'envoy/extensions/load_balancing_policies/maglev/v3/maglev.proto',
  'envoy/extensions/load_balancing_policies/pick_first/v3/pick_first.proto',
  'envoy/extensions/load_balancing_policies/random/v3/random.proto',
  'envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.proto',
  'envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.proto',
  'envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality.proto',
  'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
  'envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  'envoy/service/load_stats/v3/lrs.proto',
  'envoy/service/status/v3/csds.proto',
  'google/protobuf/any.proto',
  'google/protobuf/duration.proto',
  'google/protobuf/struct.proto',
  'google/protobuf/wrappers.proto',
  'google/rpc/status.proto',
  'udpa/type/v1/typed_struct.proto',
  'xds/type/v3/typed_struct.proto',
];

const roots = [
  'envoy.service.discovery.v3.DiscoveryRequest',
  'envoy.service.discovery.v3.DiscoveryResponse',
  'envoy.service.discovery.v3.DeltaDiscoveryRequest',
  'envoy.service.discovery.v3.DeltaDiscoveryResponse',
  'envoy.service.load_stats.v3.LoadStatsRequest',
  'envoy.service.load_stats.v3.LoadStatsResponse',
  'envoy.service.status.v3.ClientStatusRequest',
  'envoy.service.status.v3.ClientStatusResponse',
  'envoy.config.listener.v3.Listener',
  'envoy.config.route.v3.RouteConfiguration',
  'envoy.config.route.v3.FilterConfig',
  'envoy.config.cluster.v3.Cluster',
  'envoy.config.endpoint.v3.ClusterLoadAssignment',
  'envoy.extensions.filters.http.fault.v3.HTTPFault',
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
  'envoy.extensions.filters.http.router.v3.Router',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  'envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin',
  'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest',
  'envoy.extensions.load_balancing_policies.maglev.v3.Maglev',
  'envoy.extensions.load_balancing_policies.pick_first.v3.PickFirst',
  'envoy.extensions.load_balancing_policies.random.v3.Random',
  'envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash',
  'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin',
  'envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality',
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  'google.protobuf.BoolValue',
  'google.protobuf.BytesValue',
  'google.protobuf.DoubleValue',
  'google.protobuf.FloatValue',
  'google.protobuf.Int32Value',
  'google.protobuf.Int64Value',
  'google.protobuf.StringValue',
  'google.protobuf.UInt32Value',
  'google.protobuf.UInt64Value',
  'google.rpc.Status',
  'udpa.type.v1.TypedStruct',
  'xds.type.v3.TypedStruct',
];

/** Protobuf wire types of scalars that are not varints. */
const wireTypes = {
  string: 2,
  bytes: 2,
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  float: 5,
  fixed32: 5,
  sfixed32: 5,
};

const require = createRequire(import.meta.url);
const workspace = fileURLToPath(new URL('..', import.meta.url));
const output = path.join(workspace, 'packages/mesh/src/xds/generated');
const protobufHome = path.dirname(require.resolve('protobufjs/package.json'));
// Its exports map hides package.json, so it is found by its place beside grpc-js.
const xdsHome = path.join(path.dirname(require.resolve('@grpc/grpc-js/package.json')), '../grpc-js-xds');

const stamp = createHash('sha256')
  .update(readFileSync(fileURLToPath(import.meta.url)))
  .update(readFileSync(path.join(xdsHome, 'package.json')))
  .update(readFileSync(path.join(protobufHome, 'package.json')))
  .digest('hex');
const stampFile = path.join(output, 'stamp');

if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) process.exit(0);

const { default: protobuf } = await import('protobufjs');
const schema = loadSchema();
const messages = new Set();
const enums = new Set();
for (const name of roots) reach(schema.lookupType(name));

const packages = new Map();
for (const type of [...enums, ...messages]) {
  const list = packages.get(packageOf(type)) ?? [];
  packages.set(packageOf(type), [...list, type]);
}

mkdirSync(output, { recursive: true });
const written = new Set(['stamp']);
for (const [name, types] of packages) write(`${name}.ts`, packageModule(name, types));
write('json-shapes.ts', shapesModule());
for (const name of readdirSync(output))
  if (!written.has(name)) rmSync(path.join(output, name), { force: true });
write('stamp', stamp);

function loadSchema() {
  const deps = ['envoy-api', 'googleapis', 'xds', 'protoc-gen-validate'].map((name) =>
    path.join(xdsHome, 'deps', name),
  );
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    const found = [...deps, protobufHome].map((dir) => path.join(dir, target)).find(existsSync);
    return protobuf.common.get(target) ? target : (found ?? target);
  };
  return root.loadSync(files).resolveAll();
}

/** Collects what a message needs. A deprecated field alone does not make its type needed. */
function reach(type) {
  if (type instanceof protobuf.Enum) {
    enums.add(type);
    return;
  }
  if (messages.has(type)) return;
  messages.add(type);
  for (const field of type.fieldsArray)
    if (field.resolvedType && !field.options?.deprecated) reach(field.resolvedType);
}

/** Writes beside and renames, so that a build running at the same time never reads half a file; leaves equal files alone. */
function write(name, text) {
  written.add(name);
  const target = path.join(output, name);
  if (existsSync(target) && readFileSync(target, 'utf8') === text) return;
  const temporary = path.join(output, `.${name}.${process.pid}`);
  writeFileSync(temporary, text);
  renameSync(temporary, target);
}

function packageOf(type) {
  let scope = type.parent;
  while (scope instanceof protobuf.Type) scope = scope.parent;
  return scope.fullName.slice(1);
}

/** `Cluster.DiscoveryType` becomes `Cluster_DiscoveryType`. */
function localName(type) {
  return type.fullName.slice(packageOf(type).length + 2).replaceAll('.', '_');
}

/** The name of a generated function or type as seen from a module, e.g. `google_protobuf.readAny`. */
function reference(from, type, prefix = '') {
  const home = packageOf(type);
  return (home === from ? '' : `${home.replaceAll('.', '_')}.`) + prefix + localName(type);
}

function fieldName(field) {
  return field.name.replace(/_([a-z0-9])/g, (_match, letter) => letter.toUpperCase());
}

function fieldsOf(type) {
  return type.fieldsArray
    .filter(
      (field) => !field.resolvedType || messages.has(field.resolvedType) || enums.has(field.resolvedType),
    )
    .sort((a, b) => a.id - b.id);
}

function packageModule(home, types) {
  const imports = new Set();
  for (const type of types.filter((candidate) => messages.has(candidate))) {
    for (const { resolvedType } of fieldsOf(type)) if (resolvedType) imports.add(packageOf(resolvedType));
  }
  imports.delete(home);
  const lines = [
    `// Generated by scripts/generate-xds.mjs from the proto package ${home}.`,
    ...(types.some((type) => messages.has(type)) ? [`import * as wire from '../wire.js';`] : []),
    ...[...imports].sort().map((name) => `import * as ${name.replaceAll('.', '_')} from './${name}.js';`),
  ];
  for (const type of types) lines.push('', enums.has(type) ? enumText(type) : messageText(home, type));
  return `${lines.join('\n')}\n`;
}

function enumText(type) {
  const name = localName(type);
  const numbers = new Map();
  for (const [label, number] of Object.entries(type.values))
    if (!numbers.has(number)) numbers.set(number, label);
  return [
    `export type ${name} = ${Object.keys(type.values)
      .map((label) => `'${label}'`)
      .join(' | ')};`,
    `export const ${name}_numbers: Readonly<Record<${name}, number>> = { ${Object.entries(type.values)
      .map(([label, number]) => `${label}: ${number}`)
      .join(', ')} };`,
    `export const ${name}_names: Readonly<Record<number, ${name}>> = { ${[...numbers].map(([number, label]) => `'${number}': '${label}'`).join(', ')} };`,
  ].join('\n');
}

function messageText(home, type) {
  const name = localName(type);
  const fields = fieldsOf(type);
  return [
    `/** ${type.fullName.slice(1)} */`,
    `export interface ${name} {`,
    ...fields.map((field) => `  readonly ${fieldName(field)}?: ${fieldType(home, field)} | undefined;`),
    `}`,
    `export function encode${name}(message: ${name}): Uint8Array {`,
    `  const w = wire.createWriter();`,
    `  write${name}(message, w);`,
    `  return w.finish();`,
    `}`,
    `export function decode${name}(bytes: Uint8Array): ${name} {`,
    `  const r = wire.createReader(bytes);`,
    `  return read${name}(r, r.len);`,
    `}`,
    `export function write${name}(${fields.length ? '' : '_'}m: ${name}, ${fields.length ? '' : '_'}w: wire.Writer): void {`,
    ...fields.map((field) => `  ${writeText(home, field)}`),
    `}`,
    `export function read${name}(r: wire.Reader, end: number): ${name} {`,
    `  const m: wire.Mutable<${name}> = {};`,
    `  while (r.pos < end) {`,
    `    const tag = r.tag();`,
    ...(fields.length
      ? [
          `    switch (tag) {`,
          ...fields.flatMap((field) => readText(home, field)).map((line) => `      ${line}`),
          `      default: wire.skip(r, tag);`,
          `    }`,
        ]
      : [`    wire.skip(r, tag);`]),
    `  }`,
    `  wire.checkEnd(r, end);`,
    `  return m;`,
    `}`,
  ].join('\n');
}

function elementType(home, field) {
  if (field.resolvedType) return reference(home, field.resolvedType);
  return { string: 'string', bytes: 'Uint8Array', bool: 'boolean' }[field.type] ?? 'number';
}

function fieldType(home, field) {
  if (field.map) return `Readonly<Record<string, ${elementType(home, field)}>>`;
  return field.repeated ? `readonly ${elementType(home, field)}[]` : elementType(home, field);
}

function wireType(field) {
  if (field.resolvedType instanceof protobuf.Type) return 2;
  return wireTypes[field.type] ?? 0;
}

function isPackable(field) {
  return field.repeated && wireType(field) !== 2;
}

/** Code that writes one value, with the tag of field `id` unless `id` is undefined (inside a packed list). */
function writeValue(home, field, id, value) {
  const tag = id === undefined ? 'w' : `w.uint32(${((id << 3) | wireType(field)) >>> 0})`;
  if (field.resolvedType instanceof protobuf.Enum)
    return `${tag}.int32(${reference(home, field.resolvedType)}_numbers[${value}]);`;
  if (field.resolvedType)
    return `${tag}.fork(); ${reference(home, field.resolvedType, 'write')}(${value}, w); w.ldelim();`;
  return `${tag}.${field.type}(${value});`;
}

function isDefault(field, value) {
  if (field.resolvedType instanceof protobuf.Enum)
    return `${value} === '${Object.keys(field.resolvedType.values).find((label) => field.resolvedType.values[label] === 0)}'`;
  if (field.type === 'string' || field.type === 'bytes') return `${value}.length === 0`;
  return field.type === 'bool' ? `!${value}` : `${value} === 0`;
}

function writeText(home, field) {
  const value = `m.${fieldName(field)}`;
  const whole = ((field.id << 3) | 2) >>> 0;
  if (field.map) {
    if (field.keyType !== 'string')
      throw new Error(`${field.fullName}: only maps keyed by string are supported`);
    return `if (${value} !== undefined) for (const [k, v] of Object.entries(${value})) { w.uint32(${whole}).fork().uint32(10).string(k); ${writeValue(home, field, 2, 'v')} w.ldelim(); }`;
  }
  if (isPackable(field))
    return `if (${value} !== undefined && ${value}.length > 0) { w.uint32(${whole}).fork(); for (const v of ${value}) ${writeValue(home, field, undefined, 'v')} w.ldelim(); }`;
  if (field.repeated)
    return `if (${value} !== undefined) for (const v of ${value}) { ${writeValue(home, field, field.id, 'v')} }`;
  // Proto3 implicit presence: the default value is not written.
  const implicit =
    !field.partOf && !field.options?.proto3_optional && !(field.resolvedType instanceof protobuf.Type);
  return `if (${value} !== undefined${implicit ? ` && !(${isDefault(field, value)})` : ''}) { ${writeValue(home, field, field.id, value)} }`;
}

function readValue(home, field, end) {
  if (field.resolvedType instanceof protobuf.Enum)
    return `${reference(home, field.resolvedType)}_names[r.int32()]`;
  if (field.resolvedType)
    return `${reference(home, field.resolvedType, 'read')}(r, wire.nestedEnd(r, ${end}))`;
  return field.type.endsWith('64') ? `wire.toNumber(r.${field.type}())` : `r.${field.type}()`;
}

/** Cases are whole tags: a known field with another wire type is skipped like an unknown one. */
function readText(home, field) {
  const value = `m.${fieldName(field)}`;
  const tag = ((field.id << 3) | wireType(field)) >>> 0;
  const isEnum = field.resolvedType instanceof protobuf.Enum;
  if (field.map) {
    const element = elementType(home, field);
    const empty = field.resolvedType
      ? isEnum
        ? `'${Object.keys(field.resolvedType.values)[0]}'`
        : '{}'
      : ({ string: `''`, bytes: 'new Uint8Array(0)', bool: 'false' }[field.type] ?? '0');
    return [
      `case ${((field.id << 3) | 2) >>> 0}: {`,
      `  const to = wire.nestedEnd(r, end);`,
      `  let k = '';`,
      `  let v: ${element} | undefined;`,
      `  while (r.pos < to) { const t = r.tag(); if (t === 10) k = r.string(); else if (t === ${(2 << 3) | wireType(field)}) v = ${readValue(home, field, 'to')}; else wire.skip(r, t); }`,
      `  wire.checkEnd(r, to);`,
      `  ${value} = wire.put(${value}, k, v ?? ${empty});`,
      `  break;`,
      `}`,
    ];
  }
  // An enum value this build does not know is left out, as proto2 does: the interface stays a closed union.
  const take = (end) => {
    const read = readValue(home, field, end);
    if (isEnum)
      return field.repeated
        ? `{ const v = ${read}; if (v !== undefined) ${value} = wire.append(${value}, v); }`
        : `{ const v = ${read}; if (v !== undefined) ${value} = v; }`;
    return field.repeated ? `${value} = wire.append(${value}, ${read});` : `${value} = ${read};`;
  };
  const cases = [`case ${tag}: ${take('end')} break;`];
  if (isPackable(field))
    cases.push(
      `case ${((field.id << 3) | 2) >>> 0}: { const to = wire.nestedEnd(r, end); while (r.pos < to) ${take('to')} wire.checkEnd(r, to); break; }`,
    );
  return cases;
}

/** What a JSON renderer must know and a decoded object does not say: the message type of each field, and the decoder of each Any. */
function shapesModule() {
  const sorted = [...messages].sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
  const shapes = sorted.map((type) => {
    const typed = fieldsOf(type).filter((field) => field.resolvedType instanceof protobuf.Type);
    return `  '${type.fullName.slice(1)}': { ${typed.map((field) => `${fieldName(field)}: '${field.map ? 'map ' : ''}${field.resolvedType.fullName.slice(1)}'`).join(', ')} },`;
  });
  const decoders = sorted.map((type) => `  '${type.fullName.slice(1)}': ${reference('', type, 'decode')},`);
  return [
    `// Generated by scripts/generate-xds.mjs.`,
    ...[...packages.keys()]
      .filter((name) => packages.get(name).some((type) => messages.has(type)))
      .sort()
      .map((name) => `import * as ${name.replaceAll('.', '_')} from './${name}.js';`),
    ``,
    `/** Message type of each message-typed field, by message type: lists by their element, maps by "map " and their element. */`,
    `export const shapes: Readonly<Record<string, Readonly<Record<string, string>>>> = {`,
    ...shapes,
    `};`,
    ``,
    `export const decoders: Readonly<Record<string, (bytes: Uint8Array) => object>> = {`,
    ...decoders,
    `};`,
    ``,
  ].join('\n');
}
