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

/** A DeltaDiscoveryResponse; each resource is wrapped with its name and version, its bytes are those made before. */
export function encodeDeltaResponse(
  typeUrl: ResourceType,
  version: string,
  nonce: string,
  resources: Iterable<Resource>,
  removed: readonly string[],
): Buffer {
  const head = createWriter().uint32(10).string(version).uint32(34).string(typeUrl).uint32(42).string(nonce);
  for (const name of removed) head.uint32(50).string(name);
  const parts: Uint8Array[] = [head.finish()];
  for (const resource of resources) parts.push(wrapperHead(resource), resource.entry);
  return Buffer.concat(parts);
}

/**
 * The start of an `envoy.service.discovery.v3.Resource` as field 2 of the response. `entry` completes it: field 2 of
 * DiscoveryResponse and `Resource.resource` are both an Any with number 2.
 */
function wrapperHead({ name, version, entry }: Resource): Uint8Array {
  const fields = createWriter().uint32(10).string(version).uint32(26).string(name).finish();
  const tag = createWriter()
    .uint32(18)
    .uint32(fields.length + entry.length)
    .finish();
  return Buffer.concat([tag, fields]);
}
