import type { Clock, Timer } from '@weir/core';
import type { IgnoredKind } from '../manifest/parse-manifest.js';
import type { Problem } from '../problem.js';
import { sameStamp, type FileAccess, type FileStamp, type Listing } from './file-access.js';
import { judgeCompleteness } from './half-written.js';
import { ManifestSet, type FileReport, type LoadedObject } from './manifest-set.js';

export type SourceReport =
  | FileReport
  /** A directory cannot be listed any more (`path` is `''` for the whole); what was loaded stays in force. */
  | { readonly event: 'directory-lost'; readonly path: string; readonly message: string }
  | { readonly event: 'directory-back'; readonly path: string };

export interface DirectorySourceOptions {
  readonly files: FileAccess;
  readonly clock: Clock;
  /** The objects in force have changed; read `objects`. Not called for what `start` loads. */
  readonly onChange: () => void;
  readonly onReport: (report: SourceReport) => void;
  /** A file must have been still this long before it is read, in milliseconds; default 50. */
  readonly settleMs?: number;
  /** Time between two looks when no event comes, in milliseconds; default 1000. */
  readonly lookEveryMs?: number;
}

/** Rewritten in place and perhaps cut off: how long the writer has to come back. */
const DOUBTFUL_MS = 250;
/** A file that never comes to rest is read after this time all the same. */
const MAX_RESTLESS_MS = 1000;
/** Some file systems count modification times in seconds: a file read sooner is read once more (git's "racy" rule). */
const RACY_MS = 2000;

interface Tracked {
  stamp: FileStamp;
  /** Set while a change waits to be read. */
  pending: { sinceMs: number; readonly firstMs: number } | undefined;
  /** Set while the file is not there. */
  missingSinceMs: number | undefined;
  /** Of the text in force. */
  goodInode: number | undefined;
  racy: boolean;
  /** Reading failed, which a change of rights can mend without a new stamp. */
  failed: boolean;
}

const NEVER_READ = { missingSinceMs: undefined, goodInode: undefined, racy: false, failed: false };

/**
 * The Kubernetes objects of a directory of manifests, kept up to date.
 *
 * Events and a periodic look at names, sizes and times both lead to the same step, which compares what is
 * there with what is known; so missed, doubled and reordered events make no difference.
 */
export class DirectorySource {
  readonly #options: DirectorySourceOptions;
  readonly #settleMs: number;
  readonly #lookEveryMs: number;
  readonly #set = new ManifestSet();
  readonly #tracked = new Map<string, Tracked>();
  #watch: { close(): void } | undefined;
  #timer: Timer | undefined;
  #timerAtMs = Infinity;
  #look: Promise<void> | undefined;
  #lost: ReadonlyMap<string, string> = new Map();
  #closed = false;
  #seenMs = 0;

  constructor(options: DirectorySourceOptions) {
    this.#options = options;
    this.#settleMs = options.settleMs ?? 50;
    this.#lookEveryMs = options.lookEveryMs ?? 1000;
  }

  get objects(): readonly LoadedObject[] {
    return this.#set.objects;
  }

  get problems(): readonly Problem[] {
    return this.#set.problems;
  }

  get ignored(): readonly IgnoredKind[] {
    return this.#set.ignored;
  }

  /** Number of manifest files there are. */
  get fileCount(): number {
    return this.#tracked.size;
  }

  /** Milliseconds since the last look at the directory that succeeded. */
  get ageMs(): number {
    return this.#options.clock.nowMs() - this.#seenMs;
  }

  /** Loads everything there is now, then goes on watching. Rejects when the directory cannot be listed. */
  async start(): Promise<void> {
    this.#watch = this.#options.files.watch((path) => this.#onEvent(path));
    try {
      const listing = await this.#options.files.list();
      this.#reportLost(listing.unreadable);
      this.#compare(listing, -Infinity);
    } catch (error) {
      this.close();
      throw error;
    }
    await this.#readSettled();
    this.#report();
    this.#lookWithin(this.#lookEveryMs);
  }

  /** Resolves when no look is under way. */
  async idle(): Promise<void> {
    await this.#look;
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#timer?.cancel();
  }

  #onEvent(path: string | undefined): void {
    const tracked = path === undefined ? undefined : this.#tracked.get(path);
    // Two writes in one tick of the file system's clock can leave the same stamp; the event tells them apart.
    if (tracked !== undefined) this.#touch(tracked);
    this.#lookWithin(this.#settleMs);
  }

  #touch(tracked: Tracked): void {
    const nowMs = this.#options.clock.nowMs();
    tracked.pending = { sinceMs: nowMs, firstMs: tracked.pending?.firstMs ?? nowMs };
  }

  #lookWithin(delayMs: number): void {
    const { clock } = this.#options;
    const atMs = clock.nowMs() + delayMs;
    if (this.#closed || atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = clock.setTimer(delayMs, () => {
      this.#timerAtMs = Infinity;
      this.#look = (this.#look ?? Promise.resolve()).then(() => this.#lookNow());
    });
  }

  async #lookNow(): Promise<void> {
    if (this.#closed) return;
    let changed = false;
    try {
      const listing = await this.#options.files.list();
      this.#reportLost(listing.unreadable);
      changed = this.#compare(listing, this.#options.clock.nowMs());
      changed = (await this.#readSettled()) || changed;
    } catch (error) {
      this.#reportLost(new Map([['', error instanceof Error ? error.message : String(error)]]));
    }
    // `close` may have come while the disk was at work.
    if (this.#isClosed()) return;
    this.#report();
    if (changed) this.#options.onChange();
    const waiting = [...this.#tracked.values()].some(isWaiting);
    this.#lookWithin(waiting ? this.#settleMs : this.#lookEveryMs);
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  /** Notes what is new, changed and gone. True when a removal has changed the objects in force. */
  #compare(listing: Listing, nowMs: number): boolean {
    this.#seenMs = this.#options.clock.nowMs();
    for (const [path, stamp] of listing.files) {
      const tracked = this.#tracked.get(path);
      if (tracked === undefined) {
        const pending = { sinceMs: nowMs, firstMs: nowMs };
        this.#tracked.set(path, { stamp, pending, ...NEVER_READ });
        continue;
      }
      tracked.missingSinceMs = undefined;
      if (sameStamp(tracked.stamp, stamp)) continue;
      tracked.stamp = stamp;
      this.#touch(tracked);
    }
    let changed = false;
    for (const [path, tracked] of this.#tracked) {
      if (listing.files.has(path) || isBelow(path, listing.unreadable)) continue;
      // Editors save by renaming the old file away and the new one into place: absence must last, too.
      tracked.missingSinceMs ??= nowMs;
      if (nowMs - tracked.missingSinceMs < this.#settleMs) continue;
      this.#tracked.delete(path);
      changed = this.#set.remove(path) || changed;
    }
    return changed;
  }

  async #readSettled(): Promise<boolean> {
    let changed = false;
    for (const [path, tracked] of [...this.#tracked].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (tracked.missingSinceMs === undefined && this.#isDue(tracked)) {
        changed = (await this.#read(path, tracked)) || changed;
      }
    }
    return changed;
  }

  #isDue({ pending, racy, failed, stamp }: Tracked): boolean {
    const { clock } = this.#options;
    if (failed) return true;
    if (pending === undefined) return racy && clock.wallMs() - stamp.modifiedMs >= RACY_MS;
    const nowMs = clock.nowMs();
    return nowMs - pending.sinceMs >= this.#settleMs || nowMs - pending.firstMs >= MAX_RESTLESS_MS;
  }

  async #read(path: string, tracked: Tracked): Promise<boolean> {
    const { pending } = tracked;
    let text: string;
    try {
      const { bytes, stamp } = await this.#options.files.read(path);
      if (!sameStamp(stamp, tracked.stamp)) {
        // Written to while it was read.
        tracked.stamp = stamp;
        this.#touch(tracked);
        return false;
      }
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch (error) {
      if (tracked.pending === pending) tracked.pending = undefined;
      // Removed since it was listed: the next look sees that.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      tracked.failed = true;
      const reason = error instanceof TypeError ? 'it is not UTF-8 text' : String(error);
      return this.#set.fail(path, `the file cannot be read: ${reason}`);
    }
    tracked.failed = false;
    const nowMs = this.#options.clock.nowMs();
    const rewrittenInPlace = tracked.goodInode === tracked.stamp.inode;
    const doubtful = rewrittenInPlace && judgeCompleteness(text, this.#set.goodText(path)) !== 'complete';
    if (doubtful && pending !== undefined && nowMs - pending.sinceMs < DOUBTFUL_MS) return false;
    // An event that came during the read keeps the file pending.
    if (tracked.pending === pending) tracked.pending = undefined;
    tracked.racy = this.#options.clock.wallMs() - tracked.stamp.modifiedMs < RACY_MS;
    const changed = this.#set.put(path, text);
    if (this.#set.goodText(path) === text) tracked.goodInode = tracked.stamp.inode;
    return changed;
  }

  #reportLost(lost: ReadonlyMap<string, string>): void {
    for (const [path, message] of lost) {
      if (this.#lost.get(path) !== message)
        this.#options.onReport({ event: 'directory-lost', path, message });
    }
    for (const path of this.#lost.keys()) {
      if (!lost.has(path)) this.#options.onReport({ event: 'directory-back', path });
    }
    this.#lost = lost;
  }

  #report(): void {
    for (const report of this.#set.takeReports()) this.#options.onReport(report);
  }
}

function isWaiting(tracked: Tracked): boolean {
  return tracked.pending !== undefined || tracked.missingSinceMs !== undefined;
}

function isBelow(path: string, directories: ReadonlyMap<string, string>): boolean {
  for (const directory of directories.keys()) if (path.startsWith(`${directory}/`)) return true;
  return false;
}
