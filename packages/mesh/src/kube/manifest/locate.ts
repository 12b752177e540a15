import { isAlias, isMap, isPair, isScalar, isSeq, type Document, type Node, type Pair } from 'yaml';
import type { FieldPath } from '../problem.js';

/**
 * Offset in the text of the field at `path`: of its key when it has one, else of its value. A path that
 * leads nowhere (a missing field) gives the deepest node on the way, so that the user lands in the right
 * object.
 */
export function locate(document: Document, path: FieldPath): number {
  let node = resolve(document.contents, document);
  let offset = node?.range?.[0] ?? document.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = findPair(node.items, String(key), document);
      if (pair === undefined) return offset;
      offset = offsetOf(pair.key) ?? offset;
      node = resolve(pair.value, document);
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(key)];
      offset = offsetOf(item) ?? offset;
      node = resolve(item, document);
    } else {
      return offset;
    }
  }
  return offset;
}

function findPair(items: readonly Pair[], key: string, document: Document): Pair | undefined {
  for (const pair of items) {
    if (isScalar(pair.key) && String(pair.key.value) === key) return pair;
  }
  // `<<: *defaults` brings in the pairs of another map.
  for (const pair of items) {
    if (!isScalar(pair.key) || pair.key.source !== '<<') continue;
    const merged = resolve(pair.value, document);
    const maps = isSeq(merged) ? merged.items.map((item) => resolve(item, document)) : [merged];
    for (const map of maps) {
      const found = isMap(map) ? findPair(map.items, key, document) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function resolve(node: unknown, document: Document): Node | undefined {
  if (isAlias(node)) return node.resolve(document);
  return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
}

function offsetOf(node: unknown): number | undefined {
  if (isPair(node)) return offsetOf(node.key);
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
}
