import type { Struct, Value } from './generated/google.protobuf.js';
import { put } from './wire.js';

/** `google.protobuf.Struct` is JSON in protobuf's clothes: these change it back and forth. */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function structOf(object: JsonObject): Struct {
  let fields: Readonly<Record<string, Value>> = {};
  for (const [key, value] of Object.entries(object)) fields = put(fields, key, valueOf(value));
  return { fields };
}

function valueOf(value: JsonValue): Value {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (isList(value)) return { listValue: { values: value.map(valueOf) } };
  return { structValue: structOf(value) };
}

function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function jsonOfStruct(struct: Struct): JsonObject {
  let object: JsonObject = {};
  for (const [key, value] of Object.entries(struct.fields ?? {}))
    object = put(object, key, jsonOfValue(value));
  return object;
}

/** A value in which nothing is set is null. */
export function jsonOfValue(value: Value): JsonValue {
  if (value.structValue !== undefined) return jsonOfStruct(value.structValue);
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map(jsonOfValue);
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null;
}
