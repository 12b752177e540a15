import { createRequire } from 'node:module';
import type { Pattern, ReplacingPattern } from '@weir/core';
import type { RE2JS } from 're2js';
import type { RegexMatchAndSubstitute, RegexMatcher } from '../../../xds/generated/envoy.type.matcher.v3.js';
import type { Findings } from '../findings.js';

interface Re2Module {
  readonly RE2JS: typeof RE2JS;
}

let re2: Re2Module | undefined;

/** RE2 is loaded for the first configuration that has a regular expression: most have none. */
function compileRe2(regex: string): RE2JS {
  re2 ??= createRequire(import.meta.url)('re2js') as Re2Module;
  return re2.RE2JS.compile(regex);
}

/** Compiles a regular expression in RE2's syntax, which matches in linear time; the whole text must match. */
export function readPattern(
  path: string,
  { regex = '' }: RegexMatcher,
  findings: Findings,
): Pattern | undefined {
  const compiled = compile(`${path}.regex`, regex, findings);
  return compiled && { source: regex, test: (text) => compiled.testExact(text) };
}

export interface Replacement {
  readonly pattern: ReplacingPattern;
  readonly substitution: string;
}

/** Compiles a regular expression and the text that every match of it is replaced by. */
export function readReplacement(
  path: string,
  { pattern = {}, substitution = '' }: RegexMatchAndSubstitute,
  findings: Findings,
): Replacement | undefined {
  const { regex = '' } = pattern;
  const compiled = compile(`${path}.pattern.regex`, regex, findings);
  if (compiled === undefined) return undefined;
  checkSubstitution(`${path}.substitution`, substitution, compiled.groupCount(), findings);
  return { pattern: replacingPattern(regex, compiled), substitution };
}

function compile(path: string, regex: string, findings: Findings): RE2JS | undefined {
  if (regex === '') {
    findings.error(path, 'must not be empty');
    return undefined;
  }
  try {
    return compileRe2(regex);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : error;
    findings.error(path, `${JSON.stringify(regex)} is not a regular expression in RE2 syntax: ${reason}`);
    return undefined;
  }
}

/** `\0` to `\9`, and a backslash for itself; nothing else may follow one (RE2 `CheckRewriteString`). */
const REFERENCE = /\\(.?)/gs;

function checkSubstitution(path: string, substitution: string, groups: number, findings: Findings): void {
  for (const [written, after = ''] of substitution.matchAll(REFERENCE)) {
    if (after === '\\') continue;
    if (!/^\d$/.test(after)) findings.error(path, `"${written}" must be \\0 to \\9, or \\\\ for a backslash`);
    else if (Number(after) > groups) {
      findings.error(path, `refers to group ${after} of an expression with ${groups}`);
    }
  }
}

function replacingPattern(source: string, compiled: RE2JS): ReplacingPattern {
  const replaceAll = (text: string, substitution: string): string =>
    compiled
      .matcher(text)
      .replaceAll((...groups: readonly unknown[]) =>
        substitution.replace(REFERENCE, (_, after: string) =>
          after === '\\' ? after : String(groups[Number(after)] ?? ''),
        ),
      );
  return { source, replaceAll };
}
