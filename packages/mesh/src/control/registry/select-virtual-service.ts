import { reaches } from './export-to.js';
import { compareAge, type ModelVirtualService, type Policies } from './policies.js';

/**
 * The VirtualService that sidecars in `namespace` follow for a service. Istio: "in sidecars … merging of hosts is
 * not supported", so it is one: of the most specific host, then the one kept to the namespace, then the one
 * exported to it by name, then the oldest.
 */
export function selectVirtualService(
  policies: Policies,
  host: string,
  namespace: string,
): ModelVirtualService | undefined {
  for (const group of policies.virtualServicesByHost.groupsFor(host)) {
    const [first] = group.filter((each) => isFollowed(each, namespace)).sort(compareClaims);
    if (first !== undefined) return first;
  }
  return undefined;
}

function isFollowed(service: ModelVirtualService, namespace: string): boolean {
  return service.inMesh && reaches(service.exportTo, namespace);
}

/** The order in which VirtualServices for one host are asked: the first counts, for whoever can see it. */
export function compareClaims(a: ModelVirtualService, b: ModelVirtualService): number {
  return closeness(a) - closeness(b) || compareAge(a.loaded, b.loaded);
}

function closeness({ exportTo, namespace }: ModelVirtualService): number {
  if (exportTo === undefined) return 2;
  return exportTo.size === 1 && exportTo.has(namespace) ? 0 : 1;
}
