import type { Snapshot } from '../snapshot.js';

/** Where a client's configuration comes from: the latest one, and word of the next. */
export interface SnapshotSource {
  /** The latest snapshot; undefined until there is a first one, and clients wait for it in silence. */
  current(): Snapshot | undefined;
  /** Calls `changed` after each new snapshot until the returned function is called. */
  onChange(changed: () => void): () => void;
}

/** Holds one snapshot at a time for any number of streams. */
export class SnapshotCell implements SnapshotSource {
  #snapshot: Snapshot | undefined;
  readonly #listeners = new Set<() => void>();

  current(): Snapshot | undefined {
    return this.#snapshot;
  }

  set(snapshot: Snapshot): void {
    if (snapshot === this.#snapshot) return;
    this.#snapshot = snapshot;
    for (const changed of this.#listeners) changed();
  }

  onChange(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }
}
