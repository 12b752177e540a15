import type { TextMatcher } from '@weir/core';
import type { StringMatcher } from '../../../xds/generated/envoy.type.matcher.v3.js';
import type { Findings } from '../findings.js';
import { readPattern } from './pattern.js';

const CUSTOM = new Set(['custom']);

/** Reads how a text is compared; adds an error when it is compared in no way that is known here. */
export function readTextMatcher(
  path: string,
  matcher: StringMatcher,
  findings: Findings,
): TextMatcher | undefined {
  const { exact, prefix, suffix, contains, safeRegex, ignoreCase = false } = matcher;
  const options = ignoreCase ? { ignoreCase } : {};
  if (exact !== undefined) return { kind: 'exact', value: exact, ...options };
  if (prefix !== undefined) return { kind: 'prefix', value: prefix, ...options };
  if (suffix !== undefined) return { kind: 'suffix', value: suffix, ...options };
  if (contains !== undefined) return { kind: 'contains', value: contains, ...options };
  if (safeRegex !== undefined) {
    // StringMatcher.ignore_case: "This has no effect for the safe_regex match."
    if (ignoreCase) findings.warn(`${path}.ignore_case`, 'has no effect on a regular expression; use (?i)');
    const pattern = readPattern(`${path}.safe_regex`, safeRegex, findings);
    return pattern && { kind: 'regex', pattern };
  }
  findings.refuse(path, matcher, CUSTOM);
  if (matcher.custom === undefined) {
    findings.error(path, 'must have one of exact, prefix, suffix, contains and safe_regex');
  }
  return undefined;
}
