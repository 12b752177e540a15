import type { Condition } from './condition.js';
import type { PathMatcher } from './match.js';
import { quote } from './text-test.js';

const QUESTION_MARK = 0x3f;
const NUMBER_SIGN = 0x23;
const SLASH = 0x2f;

/** The condition that a route's path matcher sets, in its simplest form for the case at hand. */
export function compilePath(matcher: PathMatcher): Condition {
  const test = pathTest(matcher);
  return {
    holds: ({ path }) => test(path),
    subject: 'path',
    requirement: requirementOf(matcher),
    actual: (request) => `is ${quote(request.path)}`,
  };
}

/** How much of the path, from its beginning, the matcher has found; it matches the path. */
export function matchedLength(matcher: PathMatcher, path: string): number {
  return matcher.kind === 'prefix' || matcher.kind === 'path-separated-prefix'
    ? matcher.value.length
    : lengthWithoutQuery(path);
}

/** Up to where a path goes: its query and fragment do not count. */
export function lengthWithoutQuery(path: string): number {
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index);
    if (code === QUESTION_MARK || code === NUMBER_SIGN) return index;
  }
  return path.length;
}

type PathTest = (path: string) => boolean;

function pathTest(matcher: PathMatcher): PathTest {
  if (matcher.kind === 'regex') {
    const { pattern } = matcher;
    return (path) => pattern.test(path.slice(0, lengthWithoutQuery(path)));
  }
  const { kind, ignoreCase = false } = matcher;
  const value = ignoreCase ? matcher.value.toLowerCase() : matcher.value;
  const begins: PathTest = ignoreCase
    ? (path) => path.slice(0, value.length).toLowerCase() === value
    : (path) => path.startsWith(value);
  if (kind === 'prefix') return begins;
  // What is compared has neither query nor fragment.
  if (lengthWithoutQuery(value) < value.length) return () => false;
  switch (kind) {
    case 'exact':
      // Envoy, RouteMatch.path: "the path must exactly match the :path header once the query string is
      // removed".
      return (path) => begins(path) && pathEndsAt(path, value.length);
    case 'path-separated-prefix':
      return (path) =>
        begins(path) && (pathEndsAt(path, value.length) || path.charCodeAt(value.length) === SLASH);
  }
}

function pathEndsAt(path: string, length: number): boolean {
  if (path.length === length) return true;
  const next = path.charCodeAt(length);
  return next === QUESTION_MARK || next === NUMBER_SIGN;
}

function requirementOf(matcher: PathMatcher): string {
  if (matcher.kind === 'regex') return `must match ${quote(matcher.pattern.source)}`;
  const value = `${quote(matcher.value)}${matcher.ignoreCase === true ? ' in any case' : ''}`;
  switch (matcher.kind) {
    case 'exact':
      return `must be ${value}`;
    case 'prefix':
      return `must begin with ${value}`;
    case 'path-separated-prefix':
      return `must be ${value} or below it`;
  }
}
