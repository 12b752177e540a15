/** What tells two states of a file apart without reading it. */
export interface FileStamp {
  readonly sizeBytes: number;
  /** Wall-clock milliseconds since the epoch, with fractions where the file system has them. */
  readonly modifiedMs: number;
  /** Differs when the path names another file, as after a rename over it or a ConfigMap's symlink swap. */
  readonly inode: number;
}

export interface Listing {
  /** Manifest files by path relative to the directory, with `/` between the parts. */
  readonly files: ReadonlyMap<string, FileStamp>;
  /** Sub-directories that could not be listed (relative path → reason): their files are unknown, not gone. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** The only door of the directory source to the file system. */
export interface FileAccess {
  /** Lists `*.yaml`, `*.yml` and `*.json`, recursively, without hidden ones. Rejects when the directory itself cannot be listed. */
  list(): Promise<Listing>;
  /** Reads a whole file; the stamp is taken after the last byte. Rejects when it cannot be read. */
  read(path: string): Promise<{ readonly bytes: Uint8Array; readonly stamp: FileStamp }>;
  /** Calls `onEvent` soon after something may have changed; a hint only, events may be missing or too many. */
  watch(onEvent: (path: string | undefined) => void): { close(): void };
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.sizeBytes === b.sizeBytes && a.modifiedMs === b.modifiedMs && a.inode === b.inode;
}

/** Hidden names are left alone: editors' swap files, `.git`, and the `..data` directories of a mounted ConfigMap. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

export function isManifestName(name: string): boolean {
  return !isHidden(name) && /\.(ya?ml|json)$/i.test(name);
}
