/** The configuration directory cannot be used: the command line is at fault, not the program. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
}

/** Says what is wrong with the directory and what to do about it. */
export function directoryError(directory: string, cause: unknown): DirectoryError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'ENOENT':
      return new DirectoryError(
        `there is no directory ${directory}: create it and put YAML of a Service and its EndpointSlices there, or name another one with -f`,
        { cause },
      );
    case 'ENOTDIR':
      return new DirectoryError(`${directory} is a file: name the directory it is in with -f`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new DirectoryError(
        `${directory} must not be read by this user: give it read and search permission`,
        {
          cause,
        },
      );
    default: {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new DirectoryError(`${directory} cannot be read: ${reason}`, { cause });
    }
  }
}
