import type { EndpointSlice, KubeApiObject, KubeResource, SliceEndpoint, SlicePort } from '@weir/core/kube';

export const ENDPOINT_SLICES: KubeResource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
};

/** What is used of an EndpointSlice as the API server sends it; `undefined` when it is none. */
export function toEndpointSlice(object: KubeApiObject): EndpointSlice | undefined {
  const { addressType, ports, endpoints } = object as Partial<EndpointSlice>;
  const { name, namespace } = object.metadata;
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return undefined;
  return {
    metadata: { name: name ?? '', namespace: namespace ?? '' },
    addressType,
    // Both are null rather than empty when there is nothing in them.
    ports: (ports ?? []).map(({ name: portName, port }): SlicePort => ({ name: portName, port })),
    endpoints: (endpoints ?? []).map(({ addresses, conditions, hints, targetRef, zone }): SliceEndpoint => ({
      addresses: addresses ?? [],
      conditions,
      hints,
      targetRef,
      zone,
    })),
  };
}
