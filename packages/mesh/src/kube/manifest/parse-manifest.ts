import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import type { ProblemCode } from '../problem-code.js';
import {
  formatField,
  refusesFile,
  type FieldPath,
  type Locate,
  type Problem,
  type Severity,
} from '../problem.js';
import { lookUpKind, objectKey, type KubeObject } from '../resources/kinds.js';
import { findWithoutEffect, shapesTraffic } from '../resources/without-effect.js';
import { explainIssue } from './explain-issue.js';
import { locate } from './locate.js';
import { isMap, withoutNulls } from './without-nulls.js';

export interface ManifestObject {
  /** `Service default/greeter`; see `objectKey`. */
  readonly key: string;
  readonly object: KubeObject;
  /** 1-based line the object begins at. */
  readonly line: number;
  readonly locate: Locate;
}

export interface IgnoredKind {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface ParsedManifest {
  /** Empty when there is an error: a file takes effect as a whole or not at all. */
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly Problem[];
  /** Kinds Weir does not read, each once. */
  readonly ignored: readonly IgnoredKind[];
}

/** A broken file often breaks everywhere after the first mistake; more errors than this help nobody. */
const MAX_ERRORS = 20;

/**
 * Parses one manifest file: YAML or JSON, one or several documents, `kind: List` included. Never throws;
 * whatever is wrong comes back as problems with positions. `file` is only used to say where.
 */
export function parseManifest(file: string, text: string): ParsedManifest {
  return new ManifestParser(file).parse(text);
}

class ManifestParser {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #problems: Problem[] = [];
  readonly #objects: ManifestObject[] = [];
  readonly #ignored = new Map<string, IgnoredKind>();

  constructor(file: string) {
    this.#file = file;
  }

  parse(text: string): ParsedManifest {
    const parsed = this.#parseYaml(text);
    for (const document of parsed) {
      for (const error of document.errors) this.#add('error', 'WEIR0001', error.pos[0], [], error.message);
    }
    if (this.#problems.length === 0) {
      for (const document of parsed) this.#readDocument(document);
    }
    const failed = this.#problems.some(refusesFile);
    return {
      objects: failed ? [] : this.#objects,
      problems: failed ? this.#problems.slice(0, MAX_ERRORS) : this.#problems,
      ignored: [...this.#ignored.values()],
    };
  }

  #parseYaml(text: string): readonly Document[] {
    try {
      // `merge`: Kubernetes' own YAML reader knows `<<`. prettyErrors off: positions are ours to print.
      const options = {
        lineCounter: this.#lines,
        merge: true,
        prettyErrors: false,
        logLevel: 'error',
      } as const;
      const documents = parseAllDocuments(text, options);
      return Array.isArray(documents) ? documents : [];
    } catch (error) {
      // Nested so deep that the parser runs out of stack.
      this.#add('error', 'WEIR0001', 0, [], error instanceof Error ? error.message : String(error));
      return [];
    }
  }

  #readDocument(document: Document): void {
    let value: unknown;
    try {
      value = withoutNulls(document.toJS());
    } catch (error) {
      // An alias without its anchor, or more aliases than any honest manifest has.
      this.#add(
        'error',
        'WEIR0001',
        document.range?.[0] ?? 0,
        [],
        error instanceof Error ? error.message : String(error),
      );
      return;
    }
    if (value === null || value === undefined) return;
    this.#readObject(document, [], value);
  }

  #readObject(document: Document, path: FieldPath, value: unknown): void {
    if (!isMap(value)) {
      this.#addAt(
        'error',
        'WEIR0002',
        document,
        path,
        'a Kubernetes object (a map with apiVersion and kind) is expected here',
      );
      return;
    }
    const { apiVersion, kind } = value;
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
      const missing = typeof apiVersion === 'string' ? 'kind' : 'apiVersion';
      this.#addAt(
        'error',
        'WEIR0002',
        document,
        [...path, missing],
        `required field "${missing}" is missing or no string`,
      );
      return;
    }
    if (kind.endsWith('List') && Array.isArray(value['items'])) {
      // A typed list, as the API itself answers, leaves out the kind of its items.
      const inherited = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
      for (const [index, item] of value['items'].entries()) {
        this.#readObject(document, [...path, 'items', index], isMap(item) ? { ...inherited, ...item } : item);
      }
      return;
    }
    const lookup = lookUpKind(apiVersion, kind);
    if (lookup.found === 'other') {
      this.#ignored.set(`${apiVersion} ${kind}`, { apiVersion, kind });
      if (shapesTraffic(apiVersion, kind)) {
        const message = `objects of kind ${kind} (${apiVersion}) have no effect in this version of Weir`;
        this.#addAt('warning', 'WEIR0007', document, [...path, 'kind'], message);
      }
      return;
    }
    if (lookup.found === 'mistake') {
      this.#addAt('error', 'WEIR0003', document, [...path, lookup.field], lookup.message);
      return;
    }
    const { schema } = lookup.definition;
    const result = schema.safeParse(value);
    if (!result.success) {
      for (const issue of result.error.issues) {
        for (const finding of explainIssue(issue, schema, value)) {
          const { code = 'WEIR0002', message, path: field } = finding;
          this.#addAt('error', code, document, path, message, field);
        }
      }
      return;
    }
    this.#keep(document, path, result.data);
  }

  #keep(document: Document, path: FieldPath, object: KubeObject): void {
    const key = objectKey(object);
    const line = this.#lines.linePos(locate(document, path)).line;
    const twin = this.#objects.find((other) => other.key === key);
    if (twin !== undefined) {
      this.#addAt(
        'error',
        'WEIR0004',
        document,
        path,
        `${key} is already defined at line ${twin.line} of this file; keep one`,
      );
      return;
    }
    for (const finding of findWithoutEffect(object)) {
      this.#addAt(finding.severity, finding.code, document, path, finding.message, finding.path, key);
    }
    this.#objects.push({ key, object, line, locate: this.#locator(object, document, path, line) });
  }

  /** Of what can be many and has nothing to point at, the parsed text is not kept. */
  #locator(object: KubeObject, document: Document, base: FieldPath, line: number): Locate {
    if (object.kind === 'EndpointSlice' || object.kind === 'Pod') return () => ({ line, column: 1 });
    return (path) => {
      const position = this.#lines.linePos(locate(document, [...base, ...path]));
      return { line: position.line, column: position.col };
    };
  }

  #addAt(
    severity: Severity,
    code: ProblemCode,
    document: Document,
    base: FieldPath,
    message: string,
    path: FieldPath = [],
    object?: string,
  ): void {
    const whole = [...base, ...path];
    this.#add(severity, code, locate(document, whole), whole, message, object);
  }

  #add(
    severity: Severity,
    code: ProblemCode,
    offset: number,
    path: FieldPath,
    message: string,
    object?: string,
  ): void {
    const { line, col } = this.#lines.linePos(offset);
    const field = formatField(path);
    const place = { file: this.#file, line, column: col, field };
    this.#problems.push({ severity, code, ...place, ...(object !== undefined && { object }), message });
  }
}
