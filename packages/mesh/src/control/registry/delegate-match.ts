import type { HttpMatchObject } from '../../kube/resources/http-match.js';
import type { StringMatchObject } from '../../kube/resources/string-match.js';

/**
 * Puts the conditions of a rule that delegates and of a rule of its delegate together.
 *
 * @returns undefined when a condition of the delegate is not within those of the root. Istio `Delegate`: "The
 *   delegate's HTTPMatchRequest must be a strict subset of the root's, otherwise there is a conflict and the
 *   HTTPRoute will not take effect."
 */
export function mergeMatches<T extends { readonly spec: HttpMatchObject }>(
  root: readonly T[],
  delegate: readonly T[],
): readonly T[] | undefined {
  if (root.length === 0) return delegate;
  if (delegate.length === 0) return root;
  const merged: T[] = [];
  for (const leaf of delegate) {
    const within = root.filter((each) => !conflicts(each.spec, leaf.spec));
    if (within.length === 0) return undefined;
    merged.push(...within.map((each) => ({ ...leaf, spec: mergeMatch(each.spec, leaf.spec) })));
  }
  return merged;
}

function mergeMatch(root: HttpMatchObject, leaf: HttpMatchObject): HttpMatchObject {
  const merged = { ...root, ...leaf };
  for (const key of ['headers', 'withoutHeaders', 'queryParams', 'sourceLabels'] as const) {
    if (root[key] !== undefined && leaf[key] !== undefined)
      Object.assign(merged, { [key]: { ...root[key], ...leaf[key] } });
  }
  const name = joinNames(root.name, leaf.name);
  return name === '' ? merged : { ...merged, name };
}

/** Istio: names of root and delegate are joined by a hyphen. */
export function joinNames(root: string | undefined, leaf: string | undefined): string {
  return [root, leaf].filter((name) => name !== undefined && name !== '').join('-');
}

function conflicts(root: HttpMatchObject, leaf: HttpMatchObject): boolean {
  const values = ['uri', 'scheme', 'method', 'authority'] as const;
  if (values.some((key) => contradict(root[key], leaf[key]))) return true;
  for (const key of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    const ofRoot = root[key] ?? {};
    if (Object.entries(leaf[key] ?? {}).some(([name, match]) => contradict(ofRoot[name], match))) return true;
  }
  if (root.uri !== undefined && (root.ignoreUriCase ?? false) !== (leaf.ignoreUriCase ?? false)) return true;
  if (differ(root.port, leaf.port) || differ(root.sourceNamespace, leaf.sourceNamespace)) return true;
  const labels = root.sourceLabels ?? {};
  return Object.entries(leaf.sourceLabels ?? {}).some(([key, value]) => differ(labels[key], value));
}

function differ<T>(a: T | undefined, b: T | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

/** Whether what `leaf` matches is not all matched by `root`. Regular expressions cannot be compared. */
function contradict(root: StringMatchObject | undefined, leaf: StringMatchObject | undefined): boolean {
  if (root === undefined || leaf === undefined || Object.keys(root).length === 0) return false;
  if (root.regex !== undefined || leaf.regex !== undefined) return true;
  if (root.exact !== undefined) return leaf.exact !== root.exact;
  return !(leaf.prefix ?? leaf.exact ?? '').startsWith(root.prefix ?? '');
}
