import type { ProblemCode } from './problem-code.js';

/** How much a finding matters: an `error` must be mended, a `warning` should be looked at. */
export type Severity = 'error' | 'warning';

/** Something wrong in a manifest, and exactly where. */
export interface Problem {
  readonly severity: Severity;
  readonly code: ProblemCode;
  /** Path of the file, relative to the watched directory. */
  readonly file: string;
  /** 1-based; 0 when the finding is about the file as a whole. */
  readonly line: number;
  /** 1-based; 0 when the finding is about the file as a whole. */
  readonly column: number;
  /** The field, as people write it: `spec.ports[0].port`; `''` when none is at fault. */
  readonly field: string;
  /** The object it is about: `VirtualService default/reviews`; absent when no object could be read. */
  readonly object?: string;
  /** What is wrong and, where it can be said, what to do. Has no position in it. */
  readonly message: string;
}

/**
 * Whether a problem keeps its file from taking effect. A field that is not implemented is an error where it
 * protects calls, but what else the file says is better in force than not.
 */
export function refusesFile({ severity, code }: Problem): boolean {
  return severity === 'error' && code !== 'WEIR0006';
}

/** Formats a problem as compilers do, so that editors can jump to it: `file:line:column: field: message`. */
export function formatProblem(problem: Problem): string {
  const position = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const field = problem.field === '' ? '' : `${problem.field}: `;
  return `${position}: ${field}${problem.message}`;
}

export type FieldPath = readonly (string | number)[];

/** A place in a file; both are counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Finds where a field of one object stands; a field that is not there has the place of what it would be in. */
export type Locate = (path: FieldPath) => Position;

/** Formats a path of keys and indices: `['spec', 'ports', 0, 'port']` → `spec.ports[0].port`. */
export function formatField(path: FieldPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}
