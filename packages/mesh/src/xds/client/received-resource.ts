import { decodeResource, type DiscoveryResponse } from '../generated/envoy.service.discovery.v3.js';
import type { Any } from '../generated/google.protobuf.js';
import { shortTypeName } from '../type-urls.js';

/** A resource as it came, not yet decoded. */
export interface ReceivedResource {
  /** Set when the server wrapped the resource to name it; otherwise the name stands inside. */
  readonly name?: string;
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** Takes the resources out of a response and out of their wrappers; `errors` tells which are not of its type. */
export function receivedResources(response: DiscoveryResponse): {
  readonly resources: readonly ReceivedResource[];
  readonly errors: readonly string[];
} {
  const resources = (response.resources ?? []).map(unwrap);
  const errors = resources
    .filter((resource) => resource.typeUrl !== response.typeUrl)
    .map((resource) => `a resource of type ${shortTypeName(resource.typeUrl)} in a response of another type`);
  return { resources, errors };
}

/** xDS protocol: a server may put each resource into `envoy.service.discovery.v3.Resource`. */
const TYPE_WRAPPER = 'type.googleapis.com/envoy.service.discovery.v3.Resource';

function unwrap({ typeUrl = '', value = EMPTY }: Any): ReceivedResource {
  if (typeUrl !== TYPE_WRAPPER) return { typeUrl, value };
  const { name, resource } = decodeResource(value);
  const inner = { typeUrl: resource?.typeUrl ?? '', value: resource?.value ?? EMPTY };
  return name === undefined ? inner : { name, ...inner };
}

const EMPTY = new Uint8Array(0);
