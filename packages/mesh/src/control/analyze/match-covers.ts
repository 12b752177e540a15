import type { HttpMatchObject } from '../../kube/resources/http-match.js';
import { matchesWhole } from '../../kube/resources/regex.js';
import type { StringMatchObject } from '../../kube/resources/string-match.js';

/**
 * Whether every request that `narrow` matches is matched by `wide`, as far as can be told: of two regular
 * expressions only that they are the same. A match that is absent matches every request.
 */
export function covers(wide: HttpMatchObject | undefined, narrow: HttpMatchObject | undefined): boolean {
  if (wide === undefined) return true;
  const other = narrow ?? {};
  return (
    coversPath(wide, other) &&
    (['scheme', 'method', 'authority'] as const).every((key) => coversValue(wide[key], other[key])) &&
    coversMap(wide.headers, other.headers) &&
    coversMap(wide.queryParams, other.queryParams) &&
    coversAbsence(wide.withoutHeaders, other.withoutHeaders) &&
    (wide.port === undefined || wide.port === other.port) &&
    (wide.sourceNamespace === undefined || wide.sourceNamespace === other.sourceNamespace) &&
    Object.entries(wide.sourceLabels ?? {}).every(([key, value]) => other.sourceLabels?.[key] === value) &&
    isForMesh(wide)
  );
}

/** Rules for gateways alone take nothing away from those for sidecars. */
function isForMesh({ gateways = [] }: HttpMatchObject): boolean {
  return gateways.length === 0 || gateways.includes('mesh');
}

function coversPath(wide: HttpMatchObject, narrow: HttpMatchObject): boolean {
  if (wide.uri === undefined || wide.uri.prefix === '/') return true;
  if (wide.ignoreUriCase !== true) return narrow.ignoreUriCase !== true && coversValue(wide.uri, narrow.uri);
  return coversValue(inLowerCase(wide.uri), narrow.uri && inLowerCase(narrow.uri));
}

function inLowerCase({ exact, prefix, regex }: StringMatchObject): StringMatchObject {
  if (regex !== undefined) return { regex };
  return exact === undefined ? { prefix: (prefix ?? '').toLowerCase() } : { exact: exact.toLowerCase() };
}

function coversMap(
  wide: Readonly<Record<string, StringMatchObject>> = {},
  narrow: Readonly<Record<string, StringMatchObject>> = {},
): boolean {
  return Object.entries(wide).every(([name, match]) => {
    const other = narrow[name];
    return other !== undefined && coversValue(Object.keys(match).length === 0 ? undefined : match, other);
  });
}

/** What must not be: the wider rule may forbid no more than the narrower one does. */
function coversAbsence(
  wide: Readonly<Record<string, StringMatchObject>> = {},
  narrow: Readonly<Record<string, StringMatchObject>> = {},
): boolean {
  return Object.entries(wide).every(([name, forbidden]) => {
    const other = narrow[name];
    if (other === undefined) return false;
    return Object.keys(other).length === 0 || coversValue(other, forbidden);
  });
}

function coversValue(wide: StringMatchObject | undefined, narrow: StringMatchObject | undefined): boolean {
  if (wide === undefined) return true;
  if (narrow === undefined) return false;
  if (wide.regex !== undefined) {
    if (narrow.exact !== undefined) return matchesWhole(wide.regex, narrow.exact);
    return wide.regex === narrow.regex || wide.regex === '.*';
  }
  if (wide.exact !== undefined) return wide.exact === narrow.exact;
  return (narrow.exact ?? narrow.prefix)?.startsWith(wide.prefix ?? '') ?? false;
}
