import type { FileAccess } from './file-access.js';
import { ManifestSet } from './manifest-set.js';

/**
 * Reads a directory of manifests as it is now. What cannot be read is a problem of the set.
 *
 * @returns the objects and problems, and how many files there are
 * @throws Error when the directory itself cannot be listed
 */
export async function loadOnce(
  files: FileAccess,
): Promise<{ readonly set: ManifestSet; readonly fileCount: number }> {
  const set = new ManifestSet();
  const listing = await files.list();
  for (const [path, reason] of listing.unreadable) set.fail(path, `the directory cannot be read: ${reason}`);
  for (const path of [...listing.files.keys()].sort()) {
    try {
      const { bytes } = await files.read(path);
      set.put(path, new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch (error) {
      const reason = error instanceof TypeError ? 'it is not UTF-8 text' : String(error);
      set.fail(path, `the file cannot be read: ${reason}`);
    }
  }
  return { set, fileCount: listing.files.size };
}
