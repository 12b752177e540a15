import type { Source } from '@weir/core';
import type { Metadata } from '../../xds/generated/envoy.config.core.v3.js';
import { jsonOfStruct, type JsonObject, type JsonValue } from '../../xds/struct.js';
import type { Findings } from './findings.js';

/** Key of `filter_metadata` under which a resource says what Envoy has no field for. */
export const WEIR_METADATA = 'weir.dev';

/** What stands there, and where it stands; unknown names are warned of. */
export function readWeirMetadata(
  path: string,
  metadata: Metadata | undefined,
  known: ReadonlySet<string>,
  findings: Findings,
): { readonly where: string; readonly object: JsonObject } {
  const where = `${path === '' ? '' : `${path}.`}metadata.filter_metadata["${WEIR_METADATA}"]`;
  const object = jsonOfStruct(metadata?.filterMetadata?.[WEIR_METADATA] ?? {});
  for (const name of Object.keys(object)) {
    if (!known.has(name)) findings.warn(`${where}.${name}`, 'is not known to this proxy');
  }
  return { where, object };
}

/** Where something was written; it is for people only, so what cannot be read is left empty. */
export function readSource(value: JsonValue | undefined): Source | undefined {
  if (!isObject(value)) return undefined;
  const { file, line, object } = value;
  return {
    file: typeof file === 'string' ? file : '',
    line: typeof line === 'number' ? line : 0,
    object: typeof object === 'string' ? object : '',
  };
}

/** A whole number; an error when it is absent or anything else. */
export function readInteger(
  path: string,
  value: JsonValue | undefined,
  atLeast: number,
  findings: Findings,
): number {
  if (Number.isInteger(value) && Number(value) >= atLeast) return Number(value);
  const actual = value === undefined ? 'absent' : JSON.stringify(value);
  findings.error(path, `must be a whole number of at least ${atLeast}, not ${actual}`);
  return atLeast;
}

/** Codes of gRPC's statuses, `undefined` when none are written. */
export function readGrpcCodes(
  path: string,
  value: JsonValue | undefined,
  findings: Findings,
): ReadonlySet<number> | undefined {
  if (value === undefined) return undefined;
  const codes = isList(value) ? value : [value];
  const isCode = (code: JsonValue): code is number =>
    Number.isInteger(code) && Number(code) >= 1 && Number(code) <= 16;
  if (!codes.every(isCode)) {
    findings.error(path, `must be codes from 1 to 16, not ${JSON.stringify(value)}`);
    return undefined;
  }
  return new Set(codes);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
