import type { Condition } from './condition.js';
import type { QueryMatcher } from './match.js';
import type { RouteRequest } from './request.js';
import { compileText, quote } from './text-test.js';

/** The condition that a matcher of query parameters sets. */
export function compileQuery(matcher: QueryMatcher): Condition {
  const { name } = matcher;
  const subject = `query parameter ${name}`;
  const actual = (request: RouteRequest): string => {
    const value = queryParameter(request.path, name);
    return value === undefined ? 'is missing' : `is ${quote(value)}`;
  };
  if (matcher.kind === 'present') {
    const holds = ({ path }: RouteRequest): boolean => queryParameter(path, name) !== undefined;
    return { holds, subject, requirement: 'must be there', actual };
  }
  const test = compileText(matcher);
  const holds = ({ path }: RouteRequest): boolean => {
    const value = queryParameter(path, name);
    return value !== undefined && test.holds(value);
  };
  return { holds, subject, requirement: `must ${test.words}`, actual };
}

/**
 * The first value of a parameter in a path's query, as it is written there; empty when the parameter stands
 * without a value; `undefined` when it is not there.
 */
export function queryParameter(path: string, name: string): string | undefined {
  const query = path.indexOf('?');
  if (query === -1) return undefined;
  const fragment = path.indexOf('#', query);
  const text = path.slice(query + 1, fragment === -1 ? undefined : fragment);
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=');
    if ((equals === -1 ? pair : pair.slice(0, equals)) === name) {
      return equals === -1 ? '' : pair.slice(equals + 1);
    }
  }
  return undefined;
}
