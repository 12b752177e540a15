import { decoders, shapes } from './generated/json-shapes.js';
import type { Any, Duration, ListValue, Struct, Value } from './generated/google.protobuf.js';
import { jsonOfStruct, jsonOfValue, type JsonObject, type JsonValue } from './struct.js';
import { put } from './wire.js';

/**
 * Renders a decoded message as proto3 JSON (field names in lowerCamelCase, durations as "1.5s", wrappers as their
 * value, each Any opened up with its "@type"): for /config_dump. Loads every generated module, so import it when asked.
 *
 * @param typeName full name of the message, e.g. `envoy.config.cluster.v3.Cluster`
 */
export function messageToJson(typeName: string, message: object): JsonValue {
  const special = SPECIAL[typeName];
  if (special !== undefined) return special(message);
  const whenUnset = WRAPPER_DEFAULTS[typeName];
  if (whenUnset !== undefined) return toJson(undefined, 'value' in message ? message.value : whenUnset);
  const fields = shapes[typeName] ?? {};
  let object: JsonObject = {};
  for (const [name, value] of Object.entries(message)) {
    if (value !== undefined) object = put(object, name, toJson(fields[name], value));
  }
  return object;
}

/** Decodes and renders an Any; one of a type not known here shows its bytes in base64. */
export function anyToJson({ typeUrl = '', value = new Uint8Array(0) }: Any): JsonObject {
  const typeName = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  const decode = decoders[typeName];
  if (decode === undefined) return { '@type': typeUrl, value: Buffer.from(value).toString('base64') };
  const json = messageToJson(typeName, decode(value));
  // Proto3 JSON: what is a special type stands beside "@type" as `value`.
  if (SPECIAL[typeName] !== undefined || !isObject(json)) return { '@type': typeUrl, value: json };
  return { '@type': typeUrl, ...json };
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

const SPECIAL: Readonly<Record<string, (message: object) => JsonValue>> = {
  'google.protobuf.Any': anyToJson,
  'google.protobuf.Duration': formatDuration,
  'google.protobuf.ListValue': (list: ListValue) => (list.values ?? []).map(jsonOfValue),
  'google.protobuf.Struct': (struct: Struct) => jsonOfStruct(struct),
  'google.protobuf.Value': (value: Value) => jsonOfValue(value),
};

/** @param shape message type of `value` or of its items; undefined for scalars, enum values and bytes */
function toJson(shape: string | undefined, value: unknown): JsonValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((item) => toJson(shape, item));
  if (typeof value === 'object' && value !== null) {
    if (shape !== undefined && !shape.startsWith(MAP)) return messageToJson(shape, value);
    return mapToJson(shape?.slice(MAP.length), value);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value as JsonValue;
}

const MAP = 'map ';

function mapToJson(shape: string | undefined, map: object): JsonObject {
  let object: JsonObject = {};
  for (const [key, value] of Object.entries(map)) object = put(object, key, toJson(shape, value));
  return object;
}

/** Seconds with as many decimals as needed: "0.025s". */
function formatDuration({ seconds = 0, nanos = 0 }: Duration): string {
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  const fraction = String(Math.abs(nanos)).padStart(9, '0').replace(/0+$/, '');
  return `${sign}${Math.abs(seconds)}${fraction === '' ? '' : `.${fraction}`}s`;
}

/** What a wrapper without a value means. */
const WRAPPER_DEFAULTS: Readonly<Record<string, JsonValue>> = {
  'google.protobuf.BoolValue': false,
  'google.protobuf.BytesValue': '',
  'google.protobuf.DoubleValue': 0,
  'google.protobuf.FloatValue': 0,
  'google.protobuf.Int32Value': 0,
  'google.protobuf.Int64Value': 0,
  'google.protobuf.StringValue': '',
  'google.protobuf.UInt32Value': 0,
  'google.protobuf.UInt64Value': 0,
};
