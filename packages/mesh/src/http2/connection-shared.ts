import type { FieldInterner } from './hpack/header-field.js';
import type { SegmentPool } from './segment-pool.js';

export type ConnectionRole = 'client' | 'server';

/** What all connections of a thread share. */
export interface ConnectionShared {
  readonly segments: SegmentPool;
  readonly interner: FieldInterner;
  /** Monotonic milliseconds, for the rate limits. */
  readonly nowMs: () => number;
}
