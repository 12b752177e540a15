/**
 * What went wrong with a socket, in words. A host with several addresses fails with an `AggregateError` that
 * has no message of its own.
 */
export function socketErrorText(error: Error): string {
  if (error.message !== '') return error.message;
  if (error instanceof AggregateError) {
    return error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join('; ');
  }
  return 'code' in error ? String(error.code) : error.name;
}
