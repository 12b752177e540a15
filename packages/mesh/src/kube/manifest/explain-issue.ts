import * as z from 'zod';
import type { ProblemCode } from '../problem-code.js';
import type { FieldPath } from '../problem.js';
import { nearest } from './near-miss.js';

export interface Finding {
  readonly path: FieldPath;
  readonly message: string;
  /** Default: WEIR0002. */
  readonly code?: ProblemCode;
}

/** Turns one zod issue into findings in the words of someone who writes YAML. `input` is the validated value. */
export function explainIssue(issue: z.core.$ZodIssue, schema: z.core.$ZodType, input: unknown): Finding[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  const value = valueAt(input, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(schema, path);
      return issue.keys.map((key) => {
        const meant = nearest(key, known);
        const hint =
          meant === undefined
            ? `; known are ${known.join(', ')}`
            : `; did you mean ${JSON.stringify(meant)}?`;
        return { path: [...path, key], message: `unknown field ${JSON.stringify(key)}${hint}` };
      });
    }
    case 'invalid_type':
      if (value === undefined)
        return [{ path, message: `required field ${JSON.stringify(path.at(-1) ?? '')} is missing` }];
      return [
        {
          path,
          message: `must be ${withArticle(issue.expected, schemaAt(schema, path))}, not ${describe(value)}${quoteHint(issue.expected, value)}`,
        },
      ];
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      if (value === undefined)
        return [{ path, message: `required field ${JSON.stringify(path.at(-1) ?? '')} is missing` }];
      const meant = typeof value === 'string' ? nearest(value, allowed) : undefined;
      const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
      return [{ path, message: `must be ${allowed.join(' or ')}, not ${describe(value)}${hint}` }];
    }
    case 'invalid_union':
      return [{ path, message: `must be a whole number or a string, not ${describe(value)}` }];
    case 'too_small':
      return [
        { path, message: `must be at least ${sizeOf(issue.origin, issue.minimum)}, is ${describe(value)}` },
      ];
    case 'too_big':
      return [
        { path, message: `must be at most ${sizeOf(issue.origin, issue.maximum)}, is ${describe(value)}` },
      ];
    case 'custom': {
      const code = issue.params?.['code'] as ProblemCode | undefined;
      return [{ path, message: issue.message, ...(code === undefined ? {} : { code }) }];
    }
    default:
      return [{ path, message: issue.message }];
  }
}

function valueAt(input: unknown, path: FieldPath): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

function knownKeys(schema: z.core.$ZodType, path: FieldPath): string[] {
  const found = schemaAt(schema, path);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function schemaAt(schema: z.core.$ZodType, path: FieldPath): z.core.$ZodType | undefined {
  let current = unwrap(schema);
  for (const key of path) {
    if (current instanceof z.ZodObject) {
      const next = (current.shape as Record<string, z.core.$ZodType>)[String(key)];
      if (next === undefined) return undefined;
      current = unwrap(next);
    } else if (current instanceof z.ZodArray) {
      current = unwrap(current.element);
    } else if (current instanceof z.ZodRecord) {
      current = unwrap(current.valueType);
    } else {
      return undefined;
    }
  }
  return current;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let current = schema;
  while (current instanceof z.ZodOptional || current instanceof z.ZodDefault) current = current.unwrap();
  return current;
}

function withArticle(expected: string, schema: z.core.$ZodType | undefined): string {
  switch (expected) {
    case 'int':
      return 'a whole number';
    case 'number':
      return schema instanceof z.ZodNumber && !schema.isInt ? 'a number' : 'a whole number';
    case 'object':
    case 'record':
      return 'a map';
    case 'array':
      return 'a list';
    case 'boolean':
      return 'true or false';
    default:
      return `a ${expected}`;
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'a map';
  return value === '' ? 'empty' : JSON.stringify(value);
}

/** YAML reads `1`, `1.20` and `true` as numbers and booleans: the commonest slip in labels and annotations. */
function quoteHint(expected: string, value: unknown): string {
  if (expected !== 'string' || (typeof value !== 'number' && typeof value !== 'boolean')) return '';
  return ' (put it in quotes)';
}

function sizeOf(origin: string, limit: number | bigint): string {
  if (origin === 'string') return `${limit} characters long`;
  if (origin === 'array') return `${limit} items long`;
  return String(limit);
}
