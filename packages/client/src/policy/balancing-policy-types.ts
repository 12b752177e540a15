import { type BalancerPolicy, createBalancer, defaultPrequal, type SlowStartSettings } from '@weir/core';
import { BalancingPolicy, type BalancingConfig, type Surroundings } from './balancing-policy.js';
import type { ClientHost } from './client-host.js';
import { type FieldKind, readFields } from './config-fields.js';
import type { PolicyType } from './policy.js';

interface PolicyFields {
  /** In service config. */
  readonly name: string;
  readonly kinds: Readonly<Record<string, FieldKind>>;
  /** The balancer's settings from the fields that were given. */
  toPolicy(fields: Readonly<Record<string, unknown>>): BalancerPolicy;
}

const POLICIES: readonly PolicyFields[] = [
  {
    name: 'weir_p2c_ewma',
    kinds: {
      decayMs: 'number',
      seedMs: 'number',
      penaltyMs: 'number',
      starvationMs: 'number',
      slowStart: 'object',
    },
    toPolicy: (fields) => ({ name: 'p2c_ewma', ...withSlowStart('weir_p2c_ewma', fields) }),
  },
  {
    name: 'weir_prequal',
    kinds: { ...prequalKinds(), slowStart: 'object' },
    toPolicy: (fields) => ({ name: 'prequal', ...withSlowStart('weir_prequal', fields) }),
  },
  {
    name: 'weir_go_zero_p2c',
    kinds: { slowStart: 'object' },
    toPolicy: (fields) => ({ name: 'go_zero_p2c', ...withSlowStart('weir_go_zero_p2c', fields) }),
  },
  {
    name: 'weir_least_request',
    kinds: { choiceCount: 'number', activeRequestBias: 'number', slowStart: 'object' },
    toPolicy: (fields) => ({
      name: 'least_request',
      choiceCount: 2,
      activeRequestBias: 1,
      ...withSlowStart('weir_least_request', fields),
    }),
  },
  {
    name: 'weir_ring_hash',
    kinds: { minimumRingSize: 'number', maximumRingSize: 'number', hashHeader: 'text' },
    toPolicy: ({ hashHeader: _hashHeader, ...fields }) => ({
      name: 'ring_hash',
      minimumRingSize: 1024,
      maximumRingSize: 8_388_608,
      ...fields,
    }),
  },
];

const DEFAULT_SLOW_START: SlowStartSettings = { windowMs: 30_000, minWeightPercent: 10, aggression: 1 };
/** The policies that pick among endpoints, each under its name. */
export function balancingPolicyTypes(
  around: Surroundings,
): readonly PolicyType<BalancingConfig, ClientHost>[] {
  return POLICIES.map(({ name, kinds, toPolicy }) => ({
    name,
    parse(json) {
      const fields = readFields(name, json, kinds);
      const policy = toPolicy(fields);
      // Ranges are the balancer's own business: it refuses what it cannot work with.
      createBalancer(policy, around.random, around.clock).close?.();
      const { hashHeader } = fields as { hashHeader?: string };
      return { policy, hashHeader: hashHeader?.toLowerCase() };
    },
    create: (channel) => new BalancingPolicy(name, channel, around),
  }));
}

/** A setting may be what its default is: a number, or one of the modes. */
function prequalKinds(): Readonly<Record<string, FieldKind>> {
  const kinds = Object.entries(defaultPrequal).map(([name, value]): [string, FieldKind] => [
    name,
    typeof value === 'number' ? 'number' : ['async', 'sync'],
  ]);
  return Object.fromEntries(kinds);
}

function withSlowStart(
  policy: string,
  fields: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { slowStart } = fields;
  if (slowStart === undefined) return fields;
  const given = readFields(`${policy}.slowStart`, slowStart, {
    windowMs: 'number',
    minWeightPercent: 'number',
    aggression: 'number',
  });
  return { ...fields, slowStart: { ...DEFAULT_SLOW_START, ...given } };
}
