import { isRecord } from '../objects/api-object.js';

/** Lists of objects that are merged item by item, and the field that tells items apart (`patchMergeKey`). */
const MERGE_KEYS: ReadonlyMap<string, string> = new Map([
  ['containers', 'name'],
  ['initContainers', 'name'],
  ['ephemeralContainers', 'name'],
  ['volumes', 'name'],
  ['env', 'name'],
  ['volumeMounts', 'mountPath'],
  ['imagePullSecrets', 'name'],
  ['secrets', 'name'],
  ['hostAliases', 'ip'],
  ['topologySpreadConstraints', 'topologyKey'],
  ['ownerReferences', 'uid'],
  ['conditions', 'type'],
  ['podIPs', 'ip'],
  ['hostIPs', 'ip'],
  ['webhooks', 'name'],
]);

/** Lists of plain values that are merged as sets (`patchStrategy: merge`). */
export const MERGED_SETS: ReadonlySet<string> = new Set(['finalizers']);

/** The field that tells the items of a list apart; undefined when the list is replaced as a whole. */
export function mergeKeyOf(field: string, items: readonly unknown[]): string | undefined {
  if (field !== 'ports') return MERGE_KEYS.get(field);
  // Of containers and of Services alike called ports.
  return items.some((item) => isRecord(item) && 'containerPort' in item) ? 'containerPort' : 'port';
}
