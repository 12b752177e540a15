import type { KubeApiServer, Manifest } from './kube-api-server.js';

export interface PodEndpoint {
  readonly pod: string;
  readonly address: string;
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
  readonly hostname?: string;
  readonly nodeName?: string;
}

export interface SliceOptions {
  readonly namespace?: string;
  /** Default 100, as in a real cluster. */
  readonly maxPerSlice?: number;
  readonly ports?: readonly { readonly name: string; readonly port: number }[];
}

/** What the endpoint slice controller of a cluster does: spreads the endpoints of a Service over slices. */
export async function writeSlices(
  server: KubeApiServer,
  service: string,
  endpoints: readonly PodEndpoint[],
  { namespace = 'default', maxPerSlice = 100, ports = [{ name: 'grpc', port: 50051 }] }: SliceOptions = {},
): Promise<void> {
  const chunks: PodEndpoint[][] = [];
  for (let from = 0; from < endpoints.length; from += maxPerSlice)
    chunks.push(endpoints.slice(from, from + maxPerSlice));
  if (chunks.length === 0) chunks.push([]);
  for (const [index, chunk] of chunks.entries()) {
    await server.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${service}-${index}`,
        namespace,
        labels: { 'kubernetes.io/service-name': service, 'endpointslice.kubernetes.io/managed-by': 'test' },
      },
      addressType: 'IPv4',
      ports: ports.map((port) => ({ ...port, protocol: 'TCP' })),
      endpoints: chunk.map((endpoint) => endpointOf(endpoint, namespace)),
    });
  }
  const prefix = `${service}-`;
  for (const { metadata } of server.list('discovery.k8s.io/v1', 'EndpointSlice')) {
    if (metadata.namespace !== namespace || metadata.labels?.['kubernetes.io/service-name'] !== service)
      continue;
    if (Number(metadata.name.slice(prefix.length)) >= chunks.length)
      await server.remove('discovery.k8s.io/v1', 'EndpointSlice', metadata.name, namespace);
  }
}

/** A Service with one gRPC port; headless where asked for. */
export function serviceManifest(name: string, spec: object = {}, namespace = 'default'): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: 'grpc', port: 50051 }], ...spec },
  };
}

/** A pod as the kubelet reports it. */
export function podManifest(
  name: string,
  labels: Readonly<Record<string, string>>,
  namespace = 'default',
): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { nodeName: 'node', containers: [{ name: 'app', image: 'app' }] },
  };
}

function endpointOf(endpoint: PodEndpoint, namespace: string) {
  const { pod, address, terminating = false, hostname, nodeName } = endpoint;
  const ready = endpoint.ready ?? !terminating;
  const serving = endpoint.serving ?? (ready || terminating);
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname !== undefined && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    targetRef: { kind: 'Pod', name: pod, namespace, uid: `uid-${pod}` },
  };
}
