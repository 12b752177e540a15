import type { HeaderMatcher, RouteMatch } from '../../../xds/generated/envoy.config.route.v3.js';
import type { StringMatcher } from '../../../xds/generated/envoy.type.matcher.v3.js';
import { matchesWhole } from '../../../kube/resources/regex.js';
import type { Limits } from './limits.js';

/** What every gRPC call over a connection without TLS says in these. */
const FIXED: Readonly<Record<string, string>> = { ':method': 'POST', ':scheme': 'http' };

/** Splitting a route in two for each "value is not" makes 2ⁿ of them. */
const MAX_SPLITS = 3;

/**
 * A match in the words that every gRPC library knows, as one match or several any of which suffices; none at all where
 * no gRPC call can match. Source: gRFC A28.
 */
export function narrowMatch(match: RouteMatch, limits: Limits): readonly RouteMatch[] {
  // gRPC's paths have no query.
  if ((match.queryParameters ?? []).some(({ presentMatch, stringMatch }) => presentMatch || stringMatch))
    return [];
  const { queryParameters: _none, headers = [], ...path } = match;
  let variants: readonly (readonly HeaderMatcher[])[] = [[]];
  let splits = 0;
  for (const header of headers) {
    const { name = '' } = header;
    if (name === ':authority') {
      limits.add(
        'match: authority',
        'ignored',
        'the route is left out: the client has no header of that name',
      );
      return [];
    }
    const fixed = FIXED[name];
    if (fixed !== undefined) {
      if (!matchesValue(header, fixed)) return [];
      continue;
    }
    if (name.endsWith('-bin')) {
      limits.add(
        `match: header ${name}`,
        'ignored',
        'the route is left out: binary headers cannot be matched',
      );
      return [];
    }
    const ways = waysOf(header);
    if (ways.length > 1 && ++splits > MAX_SPLITS) {
      limits.add(
        'withoutHeaders: more than 3 values',
        'approximated',
        'calls without the header do not match',
      );
      variants = variants.map((variant) => [...variant, ...(ways.at(-1) ?? [])]);
      continue;
    }
    variants = variants.flatMap((variant) => ways.map((way) => [...variant, ...way]));
  }
  return variants.map((list) => ({ ...path, ...(list.length > 0 && { headers: list }) }));
}

/** A header's condition as alternatives, each of which is a list of conditions. */
function waysOf(header: HeaderMatcher): readonly (readonly HeaderMatcher[])[] {
  const narrowed = withoutStringMatch(header);
  // All but grpc-js take a header that is not there for one that does not match, whatever `invert_match` says.
  if (header.invertMatch !== true || header.presentMatch === true) return [[narrowed]];
  const absent: HeaderMatcher = { name: header.name, presentMatch: true, invertMatch: true };
  return [[absent], [narrowed]];
}

/** `string_match` came with gRFC A63; the fields before it do the same everywhere. */
function withoutStringMatch(header: HeaderMatcher): HeaderMatcher {
  const { stringMatch, treatMissingHeaderAsEmpty: _always, ...rest } = header;
  if (stringMatch === undefined) return rest;
  const { exact, prefix, suffix, contains, safeRegex } = stringMatch;
  if (safeRegex !== undefined) return { ...rest, safeRegexMatch: safeRegex };
  if (exact !== undefined) return { ...rest, exactMatch: exact };
  if (prefix !== undefined) return { ...rest, prefixMatch: prefix };
  if (suffix !== undefined) return { ...rest, suffixMatch: suffix };
  return { ...rest, containsMatch: contains ?? '' };
}

function matchesValue({ stringMatch, invertMatch = false }: HeaderMatcher, value: string): boolean {
  return (stringMatch === undefined || matchesText(stringMatch, value)) !== invertMatch;
}

function matchesText({ exact, prefix, safeRegex }: StringMatcher, value: string): boolean {
  if (safeRegex !== undefined) return matchesWhole(safeRegex.regex ?? '', value);
  return exact === undefined ? value.startsWith(prefix ?? '') : value === exact;
}
