import type { Condition } from './condition.js';
import type { HeaderCondition, HeaderMatcher } from './match.js';
import type { RouteRequest } from './request.js';
import { compileText, quote, type TextTest } from './text-test.js';

/** The condition that a header matcher sets. */
export function compileHeader(matcher: HeaderMatcher): Condition {
  const name = matcher.name.toLowerCase();
  const valueOf = headerReader(name);
  const subject = name.startsWith(':') ? name.slice(1) : `header ${name}`;
  const actual = (request: RouteRequest): string => {
    const value = valueOf(request);
    return value === undefined ? 'is missing' : `is ${quote(value)}`;
  };
  const must = matcher.invert ? 'must not' : 'must';
  if (matcher.kind === 'present') {
    const wanted = !matcher.invert;
    const holds = (request: RouteRequest): boolean => (valueOf(request) !== undefined) === wanted;
    return { holds, subject, requirement: `${must} be there`, actual };
  }
  const test = compileValue(matcher);
  return { holds: valueTest(matcher, test, valueOf), subject, requirement: `${must} ${test.words}`, actual };
}

/** Whether a header matcher looks at something that is not in the path or the authority. */
export function headerLookedAt(matcher: HeaderMatcher): string | undefined {
  const name = matcher.name.toLowerCase();
  return name === ':authority' || name === 'host' || name === ':path' ? undefined : name;
}

/** Whether the headers of a message, a request's or a response's, are what a matcher asks for. */
export function headerMatches(matcher: HeaderMatcher, header: (name: string) => string | undefined): boolean {
  const value = header(matcher.name.toLowerCase());
  if (matcher.kind === 'present') return (value !== undefined) !== matcher.invert;
  return valueTest(matcher, compileValue(matcher), () => value)(undefined);
}

type ValueReader<Message> = (message: Message) => string | undefined;

/** How to get at a header of a request, or at what HTTP/2 has in its place. The name is in lower case. */
export function headerReader(name: string): ValueReader<RouteRequest> {
  switch (name) {
    case ':method':
      return (request) => request.method;
    case ':scheme':
      return (request) => request.scheme;
    case ':authority':
    case 'host':
      // HTTP/2 has no Host header of its own; Envoy too reads the one as the other.
      return (request) => request.authority;
    case ':path':
      return (request) => request.path;
    default:
      return (request) => request.header(name);
  }
}

function valueTest<Message>(
  { invert, treatMissingAsEmpty = false }: HeaderMatcher,
  test: TextTest,
  valueOf: ValueReader<Message>,
): (message: Message) => boolean {
  return (message) => {
    const value = valueOf(message);
    // Inverted or not: what is not there cannot be compared (Envoy and gRPC agree).
    if (value === undefined && !treatMissingAsEmpty) return false;
    return test.holds(value ?? '') !== invert;
  };
}

function compileValue(matcher: Exclude<HeaderCondition, { readonly kind: 'present' }>): TextTest {
  if (matcher.kind !== 'range') return compileText(matcher);
  const { start, end } = matcher;
  // Envoy, HeaderMatcher.range_match: "the entire request header value must represent an integer in base 10
  // notation"; the range is half-open.
  const holds = (text: string): boolean => {
    const value = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : NaN;
    return value >= start && value < end;
  };
  return { holds, words: `be an integer from ${start} to below ${end}` };
}
