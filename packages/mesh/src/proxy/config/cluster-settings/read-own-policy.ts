import { type BalancerPolicy, defaultPrequal } from '@weir/core';
import type { TypedStruct } from '../../../xds/generated/xds.type.v3.js';
import { type JsonObject, type JsonValue, jsonOfStruct } from '../../../xds/struct.js';
import type { Findings } from '../findings.js';

/** What a field of a policy may be; of an object, its fields. */
type FieldKind = 'number' | 'text' | { readonly [field: string]: FieldKind };

/** A policy of ours, with what is said of zones. */
export interface OwnBalancing {
  readonly policy: BalancerPolicy;
  readonly zoneAware: ZoneSettings | undefined;
}

/** Zones count; with fewer hosts than this all are one, by default 6. */
export interface ZoneSettings {
  readonly minClusterSize?: number | undefined;
}

interface OwnPolicy {
  readonly name: BalancerPolicy['name'];
  readonly fields: Readonly<Record<string, FieldKind>>;
  readonly defaults?: object;
}

const ZONE_AWARE: FieldKind = { minClusterSize: 'number' };
const SLOW_START: FieldKind = { windowMs: 'number', minWeightPercent: 'number', aggression: 'number' };
/** Envoy's, but for the window, which it has no default for. */
const SLOW_START_DEFAULTS = { windowMs: 30_000, minWeightPercent: 10, aggression: 1 };

/** The policies that Envoy has no message for, by the names that grpc-js knows them by from `@weir/client`. */
const OWN_POLICIES: Readonly<Record<string, OwnPolicy>> = {
  weir_p2c_ewma: {
    name: 'p2c_ewma',
    fields: {
      decayMs: 'number',
      seedMs: 'number',
      penaltyMs: 'number',
      starvationMs: 'number',
      slowStart: SLOW_START,
    },
  },
  weir_prequal: {
    name: 'prequal',
    fields: {
      ...Object.fromEntries(Object.keys(defaultPrequal).map((field) => [field, 'number'] as const)),
      mode: 'text',
      slowStart: SLOW_START,
    },
  },
  weir_go_zero_p2c: { name: 'go_zero_p2c', fields: { slowStart: SLOW_START } },
  weir_weighted_round_robin: {
    name: 'weighted_round_robin',
    fields: {
      blackoutMs: 'number',
      expirationMs: 'number',
      updateMs: 'number',
      errorUtilizationPenalty: 'number',
      slowStart: SLOW_START,
    },
  },
  // As in a service config.
  round_robin: { name: 'round_robin', fields: { slowStart: SLOW_START } },
  weir_random: { name: 'random', fields: {} },
  weir_least_request: {
    name: 'least_request',
    fields: { choiceCount: 'number', activeRequestBias: 'number', slowStart: SLOW_START },
    defaults: { choiceCount: 2, activeRequestBias: 1 },
  },
  weir_ring_hash: {
    name: 'ring_hash',
    fields: { minimumRingSize: 'number', maximumRingSize: 'number' },
    defaults: { minimumRingSize: 1024, maximumRingSize: 8_388_608 },
  },
};

const SUBSET = 'weir_subset';

/**
 * The policy that a TypedStruct names, with the settings in it: JSON as in a gRPC service config. Ranges are for
 * whoever makes the balancer to check.
 *
 * @returns `unknown` when the name is none of ours
 */
export function readOwnPolicy(
  path: string,
  { typeUrl = '', value = {} }: TypedStruct,
  findings: Findings,
): OwnBalancing | 'unknown' {
  const name = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  return readNamed(`${path}.value`, name, jsonOfStruct(value), findings);
}

function readNamed(
  path: string,
  name: string,
  json: JsonObject,
  findings: Findings,
): OwnBalancing | 'unknown' {
  if (name === SUBSET) return readSubset(path, json, findings);
  const own = Object.hasOwn(OWN_POLICIES, name) ? OWN_POLICIES[name] : undefined;
  if (own === undefined) return 'unknown';
  const { zoneAware, slowStart, ...given } = readFields(
    path,
    json,
    { ...own.fields, zoneAware: ZONE_AWARE },
    findings,
  );
  const policy = {
    ...own.defaults,
    ...given,
    ...(typeof slowStart === 'object' && { slowStart: { ...SLOW_START_DEFAULTS, ...slowStart } }),
    name: own.name,
  } as BalancerPolicy;
  return { policy, zoneAware: zoneAware as ZoneSettings | undefined };
}

/** Some of the hosts, to the first of the policies below it that is known. */
function readSubset(path: string, json: JsonObject, findings: Findings): OwnBalancing | 'unknown' {
  const { childPolicy, ...rest } = json;
  const { size = 0, clientId = '' } = readFields(path, rest, { size: 'number', clientId: 'text' }, findings);
  for (const child of Array.isArray(childPolicy) ? (childPolicy as readonly JsonValue[]) : []) {
    if (!isObject(child)) continue;
    const [name = '', config = {}] = Object.entries(child)[0] ?? [];
    const read = readNamed(`${path}.childPolicy.${name}`, name, isObject(config) ? config : {}, findings);
    if (read === 'unknown' || read.policy.subset !== undefined) continue;
    const subset = { size: Number(size), clientId: String(clientId) };
    return { ...read, policy: { ...read.policy, subset } };
  }
  findings.error(`${path}.childPolicy`, 'holds no policy this proxy knows');
  return 'unknown';
}

function readFields(
  path: string,
  json: JsonObject,
  kinds: Readonly<Record<string, FieldKind>>,
  findings: Findings,
): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    const where = `${path}.${name}`;
    if (value === null) continue;
    if (kind === undefined) findings.warn(where, 'has no effect in this proxy');
    else if (typeof kind === 'object' && isObject(value))
      fields[name] = readFields(where, value, kind, findings);
    else if (typeof value === (kind === 'text' ? 'string' : kind)) fields[name] = value;
    else findings.error(where, `must be ${describe(kind)}, not ${JSON.stringify(value)}`);
  }
  return fields;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(kind: FieldKind): string {
  return typeof kind === 'object' ? 'an object' : `a ${kind}`;
}
