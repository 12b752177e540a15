import type { RouteDescription } from '@weir/core';
import type { HeaderMatcher, RouteMatch } from '../../xds/generated/envoy.config.route.v3.js';
import type { Findings } from './findings.js';

type Match = RouteDescription['match'];

/** Every condition counts: one that were left out would let a request through that was meant for another route. */
const MATCH_REFUSED = new Set([
  'safeRegex',
  'connectMatcher',
  'pathSeparatedPrefix',
  'pathMatchPolicy',
  'queryParameters',
  'runtimeFraction',
  'tlsContext',
  'dynamicMetadata',
]);
const HEADER_REFUSED = new Set([
  'rangeMatch',
  'suffixMatch',
  'safeRegexMatch',
  'containsMatch',
  'treatMissingHeaderAsEmpty',
]);
const STRING_REFUSED = new Set(['suffix', 'safeRegex', 'contains', 'custom', 'ignoreCase']);

/** Reads the conditions of a route. */
export function readRouteMatch(path: string, match: RouteMatch, findings: Findings): Match | undefined {
  findings.refuse(path, match, MATCH_REFUSED);
  // A message without content is still a condition.
  if (match.grpc !== undefined) findings.error(`${path}.grpc`, 'is not supported by this proxy');
  if (match.caseSensitive?.value === false)
    findings.error(`${path}.case_sensitive`, 'must be true: paths are');
  const headers = (match.headers ?? []).map((matcher, index) =>
    readHeaderMatcher(`${path}.headers[${index}]`, matcher, findings),
  );
  const pathMatcher = readPathMatcher(match);
  if (pathMatcher === undefined) {
    findings.error(path, 'must have a prefix or a path');
    return undefined;
  }
  return { path: pathMatcher, headers: headers.filter((matcher) => matcher !== undefined) };
}

function readPathMatcher({ path, prefix }: RouteMatch): Match['path'] | undefined {
  if (path !== undefined) return { kind: 'exact', value: path };
  return prefix === undefined ? undefined : { kind: 'prefix', value: prefix };
}

function readHeaderMatcher(
  path: string,
  matcher: HeaderMatcher,
  findings: Findings,
): Match['headers'][number] | undefined {
  findings.refuse(path, matcher, HEADER_REFUSED);
  const { name = '', invertMatch: invert = false, presentMatch, stringMatch } = matcher;
  if (name === '') findings.error(`${path}.name`, 'must not be empty');
  if (presentMatch !== undefined) return { kind: 'present', name, invert: presentMatch ? invert : !invert };
  findings.refuse(`${path}.string_match`, stringMatch ?? {}, STRING_REFUSED);
  const exact = matcher.exactMatch ?? stringMatch?.exact;
  if (exact !== undefined) return { kind: 'exact', name, value: exact, invert };
  const prefix = matcher.prefixMatch ?? stringMatch?.prefix;
  if (prefix !== undefined) return { kind: 'prefix', name, value: prefix, invert };
  if (stringMatch !== undefined || Object.keys(matcher).some((field) => HEADER_REFUSED.has(field))) {
    findings.error(path, 'must compare with exact or prefix, or ask for presence');
    return undefined;
  }
  // "In the absence of any header match specifier, match will default to present_match" (HeaderMatcher).
  return { kind: 'present', name, invert };
}
