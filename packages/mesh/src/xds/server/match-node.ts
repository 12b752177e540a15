import { RE2JS } from 're2js';
import type { Node } from '../generated/envoy.config.core.v3.js';
import type { NodeMatcher, StringMatcher, StructMatcher } from '../generated/envoy.type.matcher.v3.js';
import { jsonOfStruct, type JsonValue } from '../struct.js';

/** Envoy `NodeMatcher`: id and metadata must both match, each where it is given. */
export function matchesNode(node: Node, { nodeId, nodeMetadatas = [] }: NodeMatcher): boolean {
  return (
    (nodeId === undefined || matchesString(nodeId, node.id ?? '')) &&
    nodeMetadatas.every((matcher) => matchesStruct(matcher, node))
  );
}

function matchesStruct({ path = [], value }: StructMatcher, { metadata }: Node): boolean {
  let found: JsonValue | undefined = metadata === undefined ? undefined : jsonOfStruct(metadata);
  for (const { key = '' } of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return false;
    found = (found as Readonly<Record<string, JsonValue>>)[key];
  }
  if (value?.presentMatch !== undefined) return (found !== undefined) === value.presentMatch;
  if (value?.stringMatch !== undefined)
    return typeof found === 'string' && matchesString(value.stringMatch, found);
  if (value?.boolMatch !== undefined) return found === value.boolMatch;
  if (value?.doubleMatch?.exact !== undefined) return found === value.doubleMatch.exact;
  return value?.nullMatch !== undefined && found === null;
}

function matchesString(matcher: StringMatcher, text: string): boolean {
  const { exact, prefix, suffix, contains, safeRegex, ignoreCase = false } = matcher;
  const fold = (value: string): string => (ignoreCase ? value.toLowerCase() : value);
  const subject = fold(text);
  if (exact !== undefined) return subject === fold(exact);
  if (prefix !== undefined) return subject.startsWith(fold(prefix));
  if (suffix !== undefined) return subject.endsWith(fold(suffix));
  if (contains !== undefined) return subject.includes(fold(contains));
  return safeRegex !== undefined && RE2JS.matches(safeRegex.regex ?? '', text);
}
