import type { SettingName, Source } from '@weir/core';
import type { Metadata } from '../../../xds/generated/envoy.config.core.v3.js';
import type { JsonValue } from '../../../xds/struct.js';
import type { Findings } from '../findings.js';
import { setFields } from '../set-fields.js';
import {
  isList,
  isObject,
  readGrpcCodes,
  readInteger,
  readSource,
  readWeirMetadata,
} from '../weir-metadata.js';

/** What a route or a virtual host says that Envoy has no field for. */
export interface RouteMetadata {
  readonly source?: Source;
  /** Where policies were written that have a say beside the rule; the first is the most specific one. */
  readonly policies?: readonly Source[];
  readonly hedging?: Hedging;
  /** What is worth a retry beside what `retry_on` has words for. */
  readonly retryGrpcCodes?: ReadonlySet<number>;
  /** `false`: nothing is sent again that the application may have seen, whatever the retry policy says. */
  readonly idempotent?: boolean;
}

export interface Hedging {
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly nonFatalCodes: ReadonlySet<number> | undefined;
}

const FIELDS = new Set(['source', 'policies', 'hedging', 'retryGrpcCodes', 'idempotent']);

export function readRouteMetadata(
  path: string,
  metadata: Metadata | undefined,
  findings: Findings,
): RouteMetadata {
  const { where, object } = readWeirMetadata(path, metadata, FIELDS, findings);
  const { source, policies, idempotent, hedging, retryGrpcCodes } = object;
  if (idempotent !== undefined && typeof idempotent !== 'boolean') {
    findings.error(`${where}.idempotent`, `must be true or false, not ${JSON.stringify(idempotent)}`);
  }
  return setFields({
    source: readSource(source),
    policies: isList(policies) ? policies.map(readSource).filter((one) => one !== undefined) : undefined,
    hedging: readHedging(`${where}.hedging`, hedging, findings),
    retryGrpcCodes: readGrpcCodes(`${where}.retryGrpcCodes`, retryGrpcCodes, findings),
    idempotent: typeof idempotent === 'boolean' ? idempotent : undefined,
  });
}

function readHedging(path: string, value: JsonValue | undefined, findings: Findings): Hedging | undefined {
  if (value === undefined) return undefined;
  const { maxAttempts, delayMs, nonFatalGrpcCodes } = isObject(value) ? value : {};
  return {
    maxAttempts: readInteger(`${path}.maxAttempts`, maxAttempts, 2, findings),
    delayMs: readInteger(`${path}.delayMs`, delayMs, 0, findings),
    nonFatalCodes: readGrpcCodes(`${path}.nonFatalGrpcCodes`, nonFatalGrpcCodes, findings),
  };
}

/** Where settings come from of which only a policy can speak, not the rule. */
export function settingSources(
  { policies = [], hedging, retryGrpcCodes }: RouteMetadata,
  set: { readonly idleTimeout: boolean; readonly maxStreamDuration: boolean; readonly rateLimit: boolean },
): Partial<Record<SettingName, Source>> | undefined {
  const [policy] = policies;
  if (policy === undefined) return undefined;
  const names: SettingName[] = [];
  if (hedging !== undefined) names.push('hedging');
  if (retryGrpcCodes !== undefined) names.push('retry');
  if (set.idleTimeout) names.push('idle-timeout');
  if (set.maxStreamDuration) names.push('max-stream-duration');
  if (set.rateLimit) names.push('rate-limit');
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, policy]));
}
