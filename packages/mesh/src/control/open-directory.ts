import { DirectorySource } from '../kube/directory/directory-source.js';
import { DiskFiles } from '../kube/directory/disk-files.js';
import { directoryError } from './directory-error.js';
import type { OpenSource, SourceOptions } from './open-source.js';

/** Reads manifests from a directory, and follows it as it changes. */
export function openDirectory(directory: string, options: SourceOptions): OpenSource {
  const { clock, logger, log, onChange } = options;
  const source = new DirectorySource({
    files: new DiskFiles(directory),
    clock,
    onChange: () => onChange(true),
    onReport: (report) => log.report(report),
  });
  return {
    objects: source,
    origin: { directory },
    start: async () => {
      try {
        await source.start();
      } catch (error) {
        throw directoryError(directory, error);
      }
      if (source.fileCount > 0) return;
      logger.warn(
        `there are no manifests in ${directory} yet; put *.yaml, *.yml or *.json files with a Service and its EndpointSlices there, they are picked up as they come`,
      );
    },
    close: () => source.close(),
  };
}
