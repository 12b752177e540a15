import type { Resource } from '../resource.js';
import type { ResourceType } from '../type-urls.js';
import { createWriter } from '../wire.js';

/** A DiscoveryResponse made of resources that were encoded before: copied, never encoded again. */
export function encodeResponse(
  typeUrl: ResourceType,
  version: string,
  nonce: string,
  resources: Iterable<Resource>,
): Buffer {
  const head = createWriter()
    .uint32(10)
    .string(version)
    .uint32(34)
    .string(typeUrl)
    .uint32(42)
    .string(nonce)
    .finish();
  const parts: Uint8Array[] = [head];
  for (const resource of resources) parts.push(resource.entry);
  return Buffer.concat(parts);
}
