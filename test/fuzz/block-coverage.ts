import { Session, type Profiler } from 'node:inspector';

/** Which parts of the compiled files have run, as V8 counts it, by character. */
export class BlockCoverage {
  readonly #session = new Session();
  readonly #files: readonly string[];
  /** For each file, what each character was found to be: 0 outside of functions, 1 not run, 2 run. */
  readonly #reached = new Map<string, Uint8Array>();

  /** @param files - parts of the paths of the files to watch, which must be loaded by now */
  constructor(files: readonly string[]) {
    this.#files = files;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Adds what has run since it was asked last; true if a part was among it that had not run before. */
  add(): boolean {
    let grew = false;
    for (const script of this.#take()) if (this.#compare(script, true)) grew = true;
    return grew;
  }

  /** Whether `add` would say true. What has run since it was asked last is forgotten. */
  peek(): boolean {
    return this.#take().some((script) => this.#compare(script, false));
  }

  /** The part of all functions that has run, 0 to 1. */
  overall(): number {
    return share(Buffer.concat([...this.#reached.values()]));
  }

  /** The part of each file's functions that has run, 0 to 1, by name. */
  shares(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#reached]
        .map(([url, reached]) => [url.slice(url.lastIndexOf('/') + 1), share(reached)] as const)
        .toSorted(([a], [b]) => a.localeCompare(b)),
    );
  }

  close(): void {
    this.#session.disconnect();
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let result: readonly Profiler.ScriptCoverage[] = [];
    // The callback is called before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (_error, coverage) => {
      result = coverage.result;
    });
    return result.filter(({ url }) => this.#files.some((file) => url.includes(file)));
  }

  #compare({ url, functions }: Profiler.ScriptCoverage, add: boolean): boolean {
    const length = Math.max(...functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset)));
    let reached = this.#reached.get(url);
    if (reached === undefined || reached.length < length) {
      reached = new Uint8Array(length);
      this.#reached.set(url, reached);
    }
    const ran = new Uint8Array(length);
    // Outer ranges come before those inside them; the outermost is the module itself, which ran before we looked.
    for (const { ranges } of functions.slice(1))
      for (const { startOffset, endOffset, count } of ranges)
        ran.fill(count > 0 ? 2 : 1, startOffset, endOffset);
    let grew = false;
    for (const [at, state] of ran.entries()) {
      if (state <= (reached[at] ?? 0)) continue;
      if (state === 2) grew = true;
      if (add) reached[at] = state;
      else if (grew) break;
    }
    return grew;
  }
}

function share(reached: Uint8Array): number {
  const inFunctions = reached.filter((state) => state > 0);
  return inFunctions.length === 0
    ? 1
    : inFunctions.filter((state) => state === 2).length / inFunctions.length;
}
