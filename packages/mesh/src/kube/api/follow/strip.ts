import { SERVICE_NAME_LABEL, type KubeApiObject } from '@weir/core/kube';
import type { EndpointSliceObject, SliceEndpointObject } from '../../resources/endpoint-slice.js';
import type { NodeObject } from '../../resources/node.js';
import type { PodObject } from '../../resources/pod.js';
import type { ServiceObject } from '../../resources/service.js';
import type { InternPool } from './intern.js';

// The API server has validated these kinds, so they are not validated again: a field that a newer Kubernetes adds
// must not make an object unreadable. What is used is copied, and the rest, which is most of it, left behind.

type Raw<T> = KubeApiObject & T;

/** @returns what the control plane uses of a Service */
export function stripService(raw: KubeApiObject, pool: InternPool): ServiceObject {
  const { metadata, spec } = raw as Raw<Pick<ServiceObject, 'metadata' | 'spec'>>;
  const { type, clusterIP, clusterIPs, ipFamilies, externalName, publishNotReadyAddresses } = spec;
  const ports = spec.ports?.map((port) => ({
    ...(port.name !== undefined && { name: pool.text(port.name) }),
    port: port.port,
    ...(port.protocol !== undefined && { protocol: port.protocol }),
    ...(port.appProtocol !== undefined && { appProtocol: pool.text(port.appProtocol) }),
    ...(port.targetPort !== undefined && { targetPort: port.targetPort }),
  }));
  const annotations = ownAnnotations(metadata.annotations);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: metadata.name,
      namespace: pool.text(metadata.namespace),
      ...(metadata.labels !== undefined && { labels: pool.labels(metadata.labels) }),
      ...(annotations !== undefined && { annotations }),
    },
    spec: {
      ...(type !== undefined && { type }),
      ...(clusterIP !== undefined && { clusterIP }),
      ...(clusterIPs !== undefined && { clusterIPs }),
      ...(ipFamilies !== undefined && { ipFamilies }),
      ...(externalName !== undefined && { externalName }),
      ...(publishNotReadyAddresses === true && { publishNotReadyAddresses }),
      ...(spec.selector !== undefined && { selector: pool.labels(spec.selector) }),
      ...(ports !== undefined && { ports }),
    },
  };
}

/** @returns undefined for a slice that belongs to no Service */
export function stripSlice(raw: KubeApiObject, pool: InternPool): EndpointSliceObject | undefined {
  const { metadata, addressType, ports, endpoints } = raw as Raw<{
    readonly metadata: EndpointSliceObject['metadata'];
    readonly addressType: EndpointSliceObject['addressType'];
    readonly ports: EndpointSliceObject['ports'] | null;
    readonly endpoints: EndpointSliceObject['endpoints'] | null;
  }>;
  const service = metadata.labels?.[SERVICE_NAME_LABEL] ?? '';
  if (service === '') return undefined;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: metadata.name,
      namespace: pool.text(metadata.namespace),
      labels: pool.labels({ [SERVICE_NAME_LABEL]: service }),
    },
    addressType,
    ports: (ports ?? []).map(({ name, port }) => ({
      ...(name !== undefined && { name: pool.text(name) }),
      ...(port !== undefined && { port }),
    })),
    endpoints: (endpoints ?? []).map((endpoint) => stripEndpoint(endpoint, metadata.namespace, pool)),
  };
}

function stripEndpoint(
  endpoint: SliceEndpointObject,
  namespace: string,
  pool: InternPool,
): SliceEndpointObject {
  const { addresses, conditions, hints, hostname, nodeName, targetRef, zone } = endpoint;
  const forZones = hints?.forZones?.map(({ name }) => ({ name: pool.text(name) }));
  return {
    addresses,
    conditions: shareConditions(conditions),
    ...(forZones !== undefined && { hints: { forZones } }),
    ...(hostname !== undefined && { hostname }),
    ...(nodeName !== undefined && { nodeName: pool.text(nodeName) }),
    ...(targetRef?.name !== undefined && {
      targetRef: {
        name: targetRef.name,
        ...(targetRef.namespace !== undefined &&
          targetRef.namespace !== namespace && { namespace: pool.text(targetRef.namespace) }),
      },
    }),
    ...(zone !== undefined && { zone: pool.text(zone) }),
  };
}

/** Of the few combinations there is one object each. */
const CONDITIONS = new Map<string, NonNullable<SliceEndpointObject['conditions']>>();

function shareConditions(conditions: SliceEndpointObject['conditions']): SliceEndpointObject['conditions'] {
  // A missing condition may be null on the wire.
  const { ready, serving, terminating } = conditions ?? {};
  const key = `${ready ?? ''} ${serving ?? ''} ${terminating ?? ''}`;
  let shared = CONDITIONS.get(key);
  if (shared === undefined) {
    shared = {
      ...(typeof ready === 'boolean' && { ready }),
      ...(typeof serving === 'boolean' && { serving }),
      ...(typeof terminating === 'boolean' && { terminating }),
    };
    CONDITIONS.set(key, shared);
  }
  return shared;
}

export function stripPod({ metadata }: KubeApiObject, pool: InternPool): PodObject {
  const { name = '', namespace = '', labels } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: pool.text(namespace),
      ...(labels !== undefined && { labels: pool.labels(labels) }),
    },
  };
}

const PLACE_LABELS = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'];

/** The many changes of a node's status are none here, and most of its labels say nothing of where it is. */
export function stripNode({ metadata }: KubeApiObject, pool: InternPool): NodeObject {
  const { name = '', labels = {} } = metadata;
  const place = Object.fromEntries(
    PLACE_LABELS.flatMap((label) => (labels[label] === undefined ? [] : [[label, labels[label]]])),
  );
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, namespace: '', labels: pool.labels(place) } };
}

/** Those that Weir or Istio give a meaning; `kubectl apply` keeps a whole copy of the object in another. */
function ownAnnotations(annotations: Readonly<Record<string, string>> | undefined) {
  const own = Object.entries(annotations ?? {}).filter(([name]) =>
    /(^|\.)(weir\.dev|istio\.io)\//.test(name),
  );
  return own.length === 0 ? undefined : Object.fromEntries(own);
}
