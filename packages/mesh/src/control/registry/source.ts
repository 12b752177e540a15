import type { LoadedObject } from '../../kube/directory/manifest-set.js';
import type { ProblemCode } from '../../kube/problem-code.js';
import { formatField, type FieldPath, type Problem, type Severity } from '../../kube/problem.js';

/** A Kubernetes object of a known kind, with the place it was read from. */
export type Loaded<T> = Omit<LoadedObject, 'object'> & { readonly object: T };

/** Where something was written, for people. */
export interface Source {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** `VirtualService default/reviews`. */
  readonly object: string;
}

/** The place of a field of an object. */
export function sourceOf(loaded: Omit<LoadedObject, 'object'>, path: FieldPath = []): Source {
  return { file: loaded.file, line: loaded.locate(path).line, object: loaded.key };
}

/** A problem with a field of an object. */
export function problemAt(
  loaded: Omit<LoadedObject, 'object'>,
  path: FieldPath,
  severity: Severity,
  code: ProblemCode,
  message: string,
): Problem {
  const { line, column } = loaded.locate(path);
  return {
    severity,
    code,
    file: loaded.file,
    line,
    column,
    field: formatField(path),
    object: loaded.key,
    message,
  };
}

/** `VirtualService default/reviews (reviews.yaml:12)`; in a cluster there are no files, and the object is all there is to say. */
export function formatSource({ file, line, object }: Source): string {
  return file === object ? object : `${object} (${file}:${line})`;
}
