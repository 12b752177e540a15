import type { HeaderMatcher, PathMatcher, QueryMatcher, RouteMatch } from '@weir/core';
import type {
  QueryParameterMatcher,
  RouteMatch as XdsRouteMatch,
} from '../../../xds/generated/envoy.config.route.v3.js';
import type { Findings } from '../findings.js';
import { readRuntimeFraction } from '../fraction.js';
import { readPattern } from './pattern.js';
import { readHeaderMatcher } from './read-header-matcher.js';
import { readTextMatcher } from './read-text-matcher.js';

/** Every condition counts: one left out would let a request through that was meant for another route. */
const REFUSED = new Set(['pathMatchPolicy', 'dynamicMetadata']);

/** Envoy `Grpc::Common::isGrpcRequestHeaders`. */
const IS_GRPC: HeaderMatcher = {
  kind: 'regex',
  name: 'content-type',
  invert: false,
  pattern: {
    source: 'application/grpc(\\+.*)?',
    test: (text) => text === 'application/grpc' || text.startsWith('application/grpc+'),
  },
};

/** Reads the conditions of a route. */
export function readRouteMatch(
  path: string,
  match: XdsRouteMatch,
  findings: Findings,
): RouteMatch | undefined {
  findings.refuse(path, match, REFUSED);
  // Messages without content are still conditions.
  for (const [field, value] of [
    ['connect_matcher', match.connectMatcher],
    ['tls_context', match.tlsContext],
  ] as const) {
    if (value !== undefined) findings.error(`${path}.${field}`, 'is not supported by this proxy');
  }
  checkFraction(path, match, findings);
  const headers = (match.headers ?? []).map((matcher, index) =>
    readHeaderMatcher(`${path}.headers[${index}]`, matcher, findings),
  );
  if (match.grpc !== undefined) headers.push(IS_GRPC);
  const queryParameters = (match.queryParameters ?? []).map((matcher, index) =>
    readQueryMatcher(`${path}.query_parameters[${index}]`, matcher, findings),
  );
  const pathMatcher = readPathMatcher(path, match, findings);
  if (pathMatcher === undefined) return undefined;
  return {
    path: pathMatcher,
    headers: headers.filter((matcher) => matcher !== undefined),
    ...(queryParameters.length > 0 && {
      queryParameters: queryParameters.filter((matcher) => matcher !== undefined),
    }),
  };
}

/** A share of the requests cannot be asked for; all of them can, and that is a condition on nothing. */
function checkFraction(path: string, { runtimeFraction }: XdsRouteMatch, findings: Findings): void {
  const where = `${path}.runtime_fraction`;
  const fraction = readRuntimeFraction(where, runtimeFraction, findings);
  if (fraction !== undefined && fraction.numerator < fraction.denominator) {
    findings.error(where, 'must be all requests; to divide them use weighted_clusters');
  }
}

function readPathMatcher(
  at: string,
  { path, prefix, pathSeparatedPrefix, safeRegex, caseSensitive, connectMatcher }: XdsRouteMatch,
  findings: Findings,
): PathMatcher | undefined {
  const options = caseSensitive !== undefined && caseSensitive.value !== true ? { ignoreCase: true } : {};
  if (path !== undefined) return { kind: 'exact', value: path, ...options };
  if (prefix !== undefined) return { kind: 'prefix', value: prefix, ...options };
  if (pathSeparatedPrefix !== undefined) {
    return { kind: 'path-separated-prefix', value: pathSeparatedPrefix, ...options };
  }
  if (safeRegex !== undefined) {
    const pattern = readPattern(`${at}.safe_regex`, safeRegex, findings);
    return pattern && { kind: 'regex', pattern };
  }
  if (connectMatcher === undefined) {
    findings.error(at, 'must have one of prefix, path, path_separated_prefix and safe_regex');
  }
  return undefined;
}

function readQueryMatcher(
  path: string,
  { name = '', stringMatch, presentMatch }: QueryParameterMatcher,
  findings: Findings,
): QueryMatcher | undefined {
  if (name === '') findings.error(`${path}.name`, 'must not be empty');
  if (presentMatch === false) findings.error(`${path}.present_match`, 'must be true');
  if (stringMatch === undefined) return { kind: 'present', name };
  const text = readTextMatcher(`${path}.string_match`, stringMatch, findings);
  return text && { name, ...text };
}
