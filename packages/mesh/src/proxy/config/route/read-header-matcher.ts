import type { HeaderMatcher } from '@weir/core';
import type { HeaderMatcher as XdsHeaderMatcher } from '../../../xds/generated/envoy.config.route.v3.js';
import type { Findings } from '../findings.js';
import { readTextMatcher } from './read-text-matcher.js';

/** Reads what a header must be like, of a request or of a response. */
export function readHeaderMatcher(
  path: string,
  matcher: XdsHeaderMatcher,
  findings: Findings,
): HeaderMatcher | undefined {
  const { name = '', invertMatch: invert = false, presentMatch, rangeMatch } = matcher;
  const { treatMissingHeaderAsEmpty: treatMissingAsEmpty = false } = matcher;
  if (name === '') findings.error(`${path}.name`, 'must not be empty');
  const common = { name: name.toLowerCase(), invert, ...(treatMissingAsEmpty && { treatMissingAsEmpty }) };
  if (rangeMatch !== undefined) {
    const { start = 0, end = 0 } = rangeMatch;
    return { ...common, kind: 'range', start, end };
  }
  const value = valueOf(matcher);
  if (value !== undefined) {
    const text = readTextMatcher(`${path}.${value.field}`, value.matcher, findings);
    return text && { ...common, ...text };
  }
  if (treatMissingAsEmpty) {
    findings.warn(`${path}.treat_missing_header_as_empty`, 'has no effect when it is asked for presence');
  }
  // "In the absence of any header match specifier, match will default to present_match" (HeaderMatcher).
  return { kind: 'present', name: common.name, invert: presentMatch === false ? !invert : invert };
}

/** The ways to write a comparison, of which only `string_match` is not deprecated. */
function valueOf({ stringMatch, exactMatch, prefixMatch, suffixMatch, ...rest }: XdsHeaderMatcher) {
  if (stringMatch !== undefined) return { field: 'string_match', matcher: stringMatch };
  if (exactMatch !== undefined) return { field: 'exact_match', matcher: { exact: exactMatch } };
  if (prefixMatch !== undefined) return { field: 'prefix_match', matcher: { prefix: prefixMatch } };
  if (suffixMatch !== undefined) return { field: 'suffix_match', matcher: { suffix: suffixMatch } };
  const { containsMatch, safeRegexMatch } = rest;
  if (containsMatch !== undefined) return { field: 'contains_match', matcher: { contains: containsMatch } };
  if (safeRegexMatch === undefined) return undefined;
  return { field: 'safe_regex_match', matcher: { safeRegex: safeRegexMatch } };
}
