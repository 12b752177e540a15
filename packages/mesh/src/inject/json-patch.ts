import { isDeepStrictEqual } from 'node:util';

/** One operation of RFC 6902. */
export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/**
 * The operations that turn one JSON value into another. Arrays of the same length are compared member by member;
 * others are replaced as a whole, as an insertion at the front shifts everything behind it anyway.
 */
export function jsonPatch(before: unknown, after: unknown, path = ''): PatchOperation[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isRecord(before) && isRecord(after)) return patchFields(before, after, path);
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return after.flatMap((value, index) => jsonPatch(before[index], value, `${path}/${index}`));
  }
  return [{ op: 'replace', path, value: after }];
}

type Fields = Readonly<Record<string, unknown>>;

function patchFields(before: Fields, after: Fields, path: string): PatchOperation[] {
  const operations: PatchOperation[] = [];
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) operations.push({ op: 'remove', path: `${path}/${escapeToken(key)}` });
  }
  for (const [key, value] of Object.entries(after)) {
    const at = `${path}/${escapeToken(key)}`;
    if (Object.hasOwn(before, key)) operations.push(...jsonPatch(before[key], value, at));
    else operations.push({ op: 'add', path: at, value });
  }
  return operations;
}

/** RFC 6901 3: "~" and "/" are written as "~0" and "~1". */
function escapeToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
