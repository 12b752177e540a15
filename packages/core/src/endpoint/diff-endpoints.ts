import { type Endpoint, sameEndpoint } from './endpoint.js';

export interface EndpointDiff {
  readonly added: readonly Endpoint[];
  readonly removed: readonly Endpoint[];
  /** In both lists under one address, with anything else different; as they are in the later list. */
  readonly changed: readonly Endpoint[];
}

/**
 * What it takes to get from one list to the other. Neither list holds an address twice; order does not count.
 */
export function diffEndpoints(before: readonly Endpoint[], after: readonly Endpoint[]): EndpointDiff {
  const left = new Map(before.map((endpoint) => [endpoint.address, endpoint]));
  const added: Endpoint[] = [];
  const changed: Endpoint[] = [];
  for (const endpoint of after) {
    const earlier = left.get(endpoint.address);
    if (earlier === undefined) added.push(endpoint);
    else if (!sameEndpoint(earlier, endpoint)) changed.push(endpoint);
    left.delete(endpoint.address);
  }
  return { added, removed: [...left.values()], changed };
}
