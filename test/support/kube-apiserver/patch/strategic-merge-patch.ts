import { isRecord, type Json } from '../objects/api-object.js';
import { MERGED_SETS, mergeKeyOf } from './merge-keys.js';

/**
 * Kubernetes' strategic merge patch: objects merge, null removes, and lists with a merge key merge item by item.
 * Directives: `$patch: delete | replace`, `$deleteFromPrimitiveList/…`, `$retainKeys`; `$setElementOrder/…` orders.
 */
export function strategicMergePatch(target: unknown, patch: Json): Json {
  if (patch['$patch'] === 'replace') return withoutDirectives(patch);
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  const retained = patch['$retainKeys'];
  if (Array.isArray(retained)) {
    for (const key of Object.keys(merged)) if (!retained.includes(key)) delete merged[key];
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const field = key.slice(key.indexOf('/') + 1);
      const gone = Array.isArray(value) ? value : [];
      const list = merged[field];
      if (Array.isArray(list)) merged[field] = list.filter((item) => !gone.includes(item));
      continue;
    }
    if (key.startsWith('$')) continue;
    if (value === null) delete merged[key];
    else if (Array.isArray(value)) merged[key] = mergeList(key, merged[key], value, patch);
    else if (isRecord(value)) merged[key] = strategicMergePatch(merged[key], value);
    else merged[key] = value;
  }
  return merged;
}

function mergeList(field: string, target: unknown, patch: readonly unknown[], around: Json): unknown {
  const before: readonly unknown[] = Array.isArray(target) ? target : [];
  if (MERGED_SETS.has(field)) return [...new Set([...before, ...patch])];
  const mergeKey = mergeKeyOf(field, [...before, ...patch]);
  if (mergeKey === undefined || patch.some((item) => isRecord(item) && item['$patch'] === 'replace'))
    return patch.filter((item) => !isRecord(item) || item['$patch'] !== 'replace');
  let merged = [...before];
  for (const item of patch) {
    if (!isRecord(item)) continue;
    const at = merged.findIndex((known) => isRecord(known) && known[mergeKey] === item[mergeKey]);
    if (item['$patch'] === 'delete') merged = merged.filter((_, index) => index !== at);
    else if (at < 0) merged.push(strategicMergePatch(undefined, item));
    else merged[at] = strategicMergePatch(merged[at], item);
  }
  const order = around[`$setElementOrder/${field}`];
  if (!Array.isArray(order)) return merged;
  const places = new Map(order.map((item, index) => [isRecord(item) ? item[mergeKey] : item, index]));
  const placeOf = (item: unknown): number =>
    places.get(isRecord(item) ? item[mergeKey] : item) ?? order.length;
  return merged.sort((a, b) => placeOf(a) - placeOf(b));
}

function withoutDirectives(patch: Json): Json {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith('$')));
}
