import type { Resource } from '../resource.js';
import type { ResourceMap } from './difference.js';
import { MAX_BATCH_BYTES } from './type-stream.js';

/** As many resources as fit into one response, the first in any case. */
export function firstBatch(pending: ResourceMap): ResourceMap {
  const batch = new Map<string, Resource>();
  let bytes = 0;
  for (const [name, resource] of pending) {
    bytes += resource.entry.length;
    if (batch.size > 0 && bytes > MAX_BATCH_BYTES) break;
    batch.set(name, resource);
  }
  return batch.size === pending.size ? pending : batch;
}
