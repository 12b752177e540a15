import { isDeepStrictEqual } from 'node:util';
import { parseManifest, type IgnoredKind, type ManifestObject } from '../manifest/parse-manifest.js';
import { formatProblem, refusesFile, type Locate, type Problem } from '../problem.js';
import type { KubeObject } from '../resources/kinds.js';
import { judgeCompleteness } from './half-written.js';

/** An object in force and where it stands. */
export interface LoadedObject {
  readonly key: string;
  /** The same JavaScript object for as long as its content does not change. */
  readonly object: KubeObject;
  readonly file: string;
  readonly line: number;
  readonly locate: Locate;
}

/** News about one file, for people. */
export type FileReport =
  | {
      readonly event: 'problems';
      readonly file: string;
      readonly problems: readonly Problem[];
      /** Whether the file's last text was refused, and if so how many objects of an earlier one are in force. */
      readonly refused: { readonly keptObjects: number } | undefined;
    }
  | { readonly event: 'fixed'; readonly file: string };

interface FileState {
  /** The text the objects in force came from; undefined until one was valid. */
  goodText: string | undefined;
  objects: readonly ManifestObject[];
  problems: readonly Problem[];
  ignored: readonly IgnoredKind[];
}

/**
 * The objects of a set of manifest files, file by file, without any I/O.
 *
 * An invalid or half-written text changes nothing but the problems of its file: the objects of its last
 * valid text stay in force. Of an object that stands in several files the one that was there first stays
 * in force, and the others are problems until the double is gone.
 */
export class ManifestSet {
  readonly #files = new Map<string, FileState>();
  #owners = new Map<string, string>();
  #objects: readonly LoadedObject[] = [];
  #duplicates = new Map<string, Problem[]>();
  readonly #reported = new Map<string, string>();

  /** In force now, ordered by file and position. */
  get objects(): readonly LoadedObject[] {
    return this.#objects;
  }

  /** Of all files, now. */
  get problems(): readonly Problem[] {
    return [...this.#files.keys()].sort().flatMap((file) => this.#problemsOf(file));
  }

  /** Kinds in the files that Weir does not read. */
  get ignored(): readonly IgnoredKind[] {
    return [...this.#files.values()].flatMap((state) => state.ignored);
  }

  /** The last text of the file that took effect. */
  goodText(file: string): string | undefined {
    return this.#files.get(file)?.goodText;
  }

  /** Takes in a file's new text. True when the objects in force have changed. */
  put(file: string, text: string): boolean {
    const state = this.#stateOf(file);
    if (judgeCompleteness(text, state.goodText) === 'incomplete') {
      return this.fail(file, incompleteMessage(text));
    }
    const parsed = parseManifest(file, text);
    state.problems = parsed.problems;
    if (parsed.problems.some(refusesFile)) return false;
    state.goodText = text;
    state.ignored = parsed.ignored;
    state.objects = keepEqual(state.objects, parsed.objects);
    return this.#combine();
  }

  /** Notes that a file could not be read; its objects stay in force. Always false. */
  fail(file: string, message: string): boolean {
    this.#stateOf(file).problems = [
      { severity: 'error', code: 'WEIR0001', file, line: 0, column: 0, field: '', message },
    ];
    return false;
  }

  /** Forgets a file and its objects. True when the objects in force have changed. */
  remove(file: string): boolean {
    return this.#files.delete(file) && this.#combine();
  }

  /** What people have not been told yet; asking marks it as told. */
  takeReports(): FileReport[] {
    const reports: FileReport[] = [];
    for (const file of new Set([...this.#files.keys(), ...this.#reported.keys()])) {
      const problems = this.#problemsOf(file);
      const text = problems.map(formatProblem).join('\n');
      if (text === (this.#reported.get(file) ?? '')) continue;
      if (text === '') {
        this.#reported.delete(file);
        reports.push({ event: 'fixed', file });
      } else {
        this.#reported.set(file, text);
        reports.push({ event: 'problems', file, problems, refused: this.#refusalOf(file) });
      }
    }
    return reports.sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  #refusalOf(file: string): { keptObjects: number } | undefined {
    const state = this.#files.get(file);
    const isRefused = state?.problems.some(refusesFile) ?? false;
    return isRefused ? { keptObjects: state?.objects.length ?? 0 } : undefined;
  }

  #problemsOf(file: string): readonly Problem[] {
    return [...(this.#files.get(file)?.problems ?? []), ...(this.#duplicates.get(file) ?? [])];
  }

  #stateOf(file: string): FileState {
    let state = this.#files.get(file);
    if (state === undefined) {
      state = { goodText: undefined, objects: [], problems: [], ignored: [] };
      this.#files.set(file, state);
    }
    return state;
  }

  #combine(): boolean {
    const files = [...this.#files.keys()].sort();
    const owners = new Map<string, string>();
    const lineOf = new Map<string, number>();
    for (const file of files) {
      for (const { key, line } of this.#files.get(file)?.objects ?? []) {
        // The file that had the object before keeps it; otherwise the first in order has it.
        if (owners.has(key) && this.#owners.get(key) !== file) continue;
        owners.set(key, file);
        lineOf.set(key, line);
      }
    }
    const objects: LoadedObject[] = [];
    const duplicates = new Map<string, Problem[]>();
    for (const file of files) {
      for (const { key, object, line, locate } of this.#files.get(file)?.objects ?? []) {
        const owner = owners.get(key);
        if (owner === file) {
          objects.push({ key, object, file, line, locate });
          continue;
        }
        const message = `${key} is already defined at ${owner}:${lineOf.get(key)}, which stays in force; remove one of the two`;
        const problem: Problem = {
          severity: 'error',
          code: 'WEIR0004',
          file,
          line,
          column: 1,
          field: '',
          message,
        };
        duplicates.set(file, [...(duplicates.get(file) ?? []), problem]);
      }
    }
    const before = this.#objects;
    this.#owners = owners;
    this.#objects = objects;
    this.#duplicates = duplicates;
    return (
      before.length !== objects.length ||
      objects.some(({ object }, index) => object !== before[index]?.object)
    );
  }
}

/** Objects that did not change keep their identity, so that work done for them need not be done again. */
function keepEqual(before: readonly ManifestObject[], after: readonly ManifestObject[]): ManifestObject[] {
  const known = new Map(before.map((each) => [each.key, each.object]));
  return after.map((each) => {
    const old = known.get(each.key);
    return old !== undefined && isDeepStrictEqual(old, each.object) ? { ...each, object: old } : each;
  });
}

function incompleteMessage(text: string): string {
  if (text.trim() === '') {
    return 'the file is empty, so its last objects stay in force; remove the file to remove them';
  }
  return 'the file ends in the middle of a line and looks half-written, so its last objects stay in force; if it is meant so, end it with a line break';
}
