import { isRecord, type Json } from '../objects/api-object.js';
import { mergeKeyOf } from './merge-keys.js';

/**
 * Server-side apply, without conflicts: the configuration is laid over the object, and what the same manager
 * applied before and no longer does is taken out.
 *
 * @param before what this manager applied last
 */
export function applyPatch(live: unknown, before: unknown, now: unknown, field = ''): unknown {
  if (isRecord(now)) {
    const base: Json = isRecord(live) ? live : {};
    const owned: Json = isRecord(before) ? before : {};
    const merged: Record<string, unknown> = { ...base };
    for (const key of Object.keys(owned)) if (!(key in now)) delete merged[key];
    for (const [key, value] of Object.entries(now))
      merged[key] = applyPatch(base[key], owned[key], value, key);
    return merged;
  }
  if (!Array.isArray(now)) return now;
  const mergeKey = mergeKeyOf(field, now);
  if (mergeKey === undefined || !Array.isArray(live)) return now;
  const find = (list: unknown, item: unknown): unknown =>
    Array.isArray(list) && isRecord(item)
      ? list.find((each) => isRecord(each) && each[mergeKey] === item[mergeKey])
      : undefined;
  const others = live.filter((item) => find(now, item) === undefined && find(before, item) === undefined);
  return [...now.map((item) => applyPatch(find(live, item), find(before, item), item)), ...others];
}
