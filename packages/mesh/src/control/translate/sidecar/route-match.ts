import type { HttpMatchObject } from '../../../kube/resources/http-match.js';
import type { StringMatchObject } from '../../../kube/resources/string-match.js';
import type {
  HeaderMatcher,
  QueryParameterMatcher,
  RouteMatch,
} from '../../../xds/generated/envoy.config.route.v3.js';
import type { StringMatcher } from '../../../xds/generated/envoy.type.matcher.v3.js';

/** The conditions of a route; those on the client and the port are settled before. */
export function translateMatch(match: HttpMatchObject | undefined): RouteMatch {
  if (match === undefined) return { prefix: '/' };
  const headers = [
    ...pseudoHeaders(match),
    ...Object.entries(match.headers ?? {})
      .sort(byName)
      .map(headerMatcher),
    ...Object.entries(match.withoutHeaders ?? {})
      .sort(byName)
      .map(absenceMatcher),
  ];
  const queryParameters = Object.entries(match.queryParams ?? {})
    .sort(byName)
    .map(queryMatcher);
  return {
    ...pathMatcher(match.uri),
    // "ignore_uri_case … only applies to exact and prefix matches".
    ...(match.ignoreUriCase === true &&
      match.uri !== undefined &&
      match.uri.regex === undefined && { caseSensitive: { value: false } }),
    ...(headers.length > 0 && { headers }),
    ...(queryParameters.length > 0 && { queryParameters }),
  };
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function pathMatcher(uri: StringMatchObject | undefined): RouteMatch {
  if (uri?.exact !== undefined) return { path: uri.exact };
  if (uri?.regex !== undefined) return { safeRegex: { regex: uri.regex } };
  return { prefix: uri?.prefix ?? '/' };
}

function pseudoHeaders({ scheme, method, authority }: HttpMatchObject): HeaderMatcher[] {
  const given = { ':scheme': scheme, ':method': method, ':authority': authority };
  return Object.entries(given).flatMap(([name, match]) =>
    match === undefined ? [] : [headerMatcher([name, match])],
  );
}

function headerMatcher([name, match]: readonly [string, StringMatchObject]): HeaderMatcher {
  const stringMatch = stringMatcher(match);
  return stringMatch === undefined ? { name, presentMatch: true } : { name, stringMatch };
}

/** A header that is not there is not the value that must not be (`treat_missing_header_as_empty`). */
function absenceMatcher(entry: readonly [string, StringMatchObject]): HeaderMatcher {
  const matcher = headerMatcher(entry);
  return {
    ...matcher,
    invertMatch: true,
    ...(matcher.stringMatch !== undefined && { treatMissingHeaderAsEmpty: true }),
  };
}

function queryMatcher([name, match]: readonly [string, StringMatchObject]): QueryParameterMatcher {
  const stringMatch = stringMatcher(match);
  return stringMatch === undefined ? { name, presentMatch: true } : { name, stringMatch };
}

/** Undefined where presence is all that is asked for; Istio takes `exact: ''` and `prefix: ''` for that, too. */
function stringMatcher({ exact, prefix, regex }: StringMatchObject): StringMatcher | undefined {
  if (regex !== undefined) return regex === '.*' ? undefined : { safeRegex: { regex } };
  if ((exact ?? '') !== '') return { exact };
  return (prefix ?? '') === '' ? undefined : { prefix };
}
