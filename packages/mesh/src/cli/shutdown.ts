/** What {@link closeOnSignal} needs of `process`. */
export interface SignalHost {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
  readonly stderr: { write(text: string): unknown };
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];

/**
 * On the first SIGTERM or SIGINT calls `close`, which drains, and exits with 0 once it has finished; if it
 * rejects, its message goes to stderr and the exit code is 1. A second signal exits with 1 at once.
 *
 * @returns a function that takes the handlers away again.
 */
export function closeOnSignal(
  close: (signal: NodeJS.Signals) => Promise<void>,
  host: SignalHost = process,
): () => void {
  let closing = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (closing) {
      host.exit(1);
      return;
    }
    closing = true;
    close(signal).then(
      () => host.exit(0),
      (error: unknown) => {
        host.stderr.write(
          `weir: stopping failed: ${error instanceof Error ? error.message : String(error)}\n`,
        );
        host.exit(1);
      },
    );
  };
  for (const signal of SIGNALS) host.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) host.off(signal, onSignal);
  };
}
