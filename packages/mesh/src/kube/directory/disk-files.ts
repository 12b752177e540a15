import { watch, type FSWatcher, type Stats } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isHidden, isManifestName, type FileAccess, type FileStamp, type Listing } from './file-access.js';

/**
 * A directory on this machine's disk.
 *
 * Each directory found is watched on its own, since recursive `fs.watch` is missing on some platforms and
 * follows no symbolic links. Where watching fails (too many watches, network file systems) nothing is lost
 * but speed: the source looks by itself from time to time.
 */
export class DiskFiles implements FileAccess {
  readonly #root: string;
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  #onEvent: ((path: string | undefined) => void) | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  async list(): Promise<Listing> {
    const files = new Map<string, FileStamp>();
    const unreadable = new Map<string, string>();
    const directories = new Map<string, number>();
    // Real paths of the directories above the current one, so that a link upwards ends the walk.
    const walk = async (directory: string, above: readonly string[]): Promise<void> => {
      const real = await realpath(join(this.#root, directory));
      if (above.includes(real)) return;
      const entries = await readdir(real);
      directories.set(directory, (await stat(real)).ino);
      for (const name of entries.sort()) {
        if (isHidden(name)) continue;
        const path = directory === '' ? name : `${directory}/${name}`;
        const stats = await statIfThere(join(this.#root, path));
        if (stats?.isDirectory() === true) {
          await walk(path, [...above, real]).catch((error: unknown) => {
            if (!isAbsence(error))
              unreadable.set(path, error instanceof Error ? error.message : String(error));
          });
        } else if (stats?.isFile() === true && isManifestName(name)) {
          files.set(path, stampOf(stats));
        }
      }
    };
    await walk('', []);
    if (this.#onEvent !== undefined) this.#watchDirectories(directories);
    return { files, unreadable };
  }

  async read(path: string): Promise<{ bytes: Uint8Array; stamp: FileStamp }> {
    const handle = await open(join(this.#root, path), 'r');
    try {
      const bytes = await handle.readFile();
      return { bytes, stamp: stampOf(await handle.stat()) };
    } finally {
      await handle.close();
    }
  }

  watch(onEvent: (path: string | undefined) => void): { close(): void } {
    this.#onEvent = onEvent;
    return {
      close: () => {
        this.#onEvent = undefined;
        for (const directory of [...this.#watchers.keys()]) this.#unwatch(directory);
      },
    };
  }

  #watchDirectories(directories: ReadonlyMap<string, number>): void {
    for (const [directory, { inode }] of [...this.#watchers]) {
      // Another inode under the same name: the directory was replaced, and the watch still sits on the old one.
      if (directories.get(directory) !== inode) this.#unwatch(directory);
    }
    for (const [directory, inode] of directories) {
      if (this.#watchers.has(directory)) continue;
      try {
        const watcher = watch(join(this.#root, directory), { persistent: false });
        watcher.on('change', (_type, name) => this.#onEvent?.(pathOf(directory, name)));
        watcher.on('error', () => this.#unwatch(directory));
        this.#watchers.set(directory, { watcher, inode });
      } catch {
        // Looking from time to time still finds every change.
      }
    }
  }

  #unwatch(directory: string): void {
    this.#watchers.get(directory)?.watcher.close();
    this.#watchers.delete(directory);
  }
}

/** Undefined when the name leads nowhere: removed meanwhile, or a link that points to nothing. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}

function stampOf(stats: Stats): FileStamp {
  return { sizeBytes: stats.size, modifiedMs: stats.mtimeMs, inode: stats.ino };
}

function pathOf(directory: string, name: string | Buffer | null): string | undefined {
  if (typeof name !== 'string' || isHidden(name)) return undefined;
  return directory === '' ? name : `${directory}/${name}`;
}
