import type { Manifest } from '../support/kube-apiserver/kube-api-server.js';
import type { PodSpec } from './kubelet-pod.js';
import type { ServicePort } from './kube-proxy.js';

export interface ServiceObject {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly clusterIP: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly targetPort?: number | string;
      readonly appProtocol?: string;
    }[];
  };
}

export interface SlicePod {
  readonly name: string;
  readonly address: string;
  readonly ready: boolean;
  readonly terminating: boolean;
  readonly spec: PodSpec;
}

/** The EndpointSlice of a Service and what kube-proxy makes of it; named ports are those of the first pod. */
export function endpointSliceOf(
  { metadata, spec }: ServiceObject,
  pods: readonly SlicePod[],
): { readonly slice: Manifest; readonly servicePorts: readonly ServicePort[] } {
  const { name, namespace = 'default' } = metadata;
  const ports = (spec.ports ?? []).map(({ name: portName = '', port, targetPort = port, appProtocol }) => ({
    name: portName,
    port: typeof targetPort === 'number' ? targetPort : (namedPort(pods[0]?.spec, targetPort) ?? port),
    protocol: 'TCP',
    ...(appProtocol !== undefined && { appProtocol }),
  }));
  const slice: Manifest = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-slice`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports,
    endpoints: pods.map(({ name: podName, address, ready, terminating }) => ({
      addresses: [address],
      conditions: { ready: ready && !terminating, serving: ready, terminating },
      targetRef: { kind: 'Pod', name: podName, namespace },
      nodeName: 'node-1',
      zone: 'here-a',
    })),
  };
  const ready = pods.filter((pod) => pod.ready && !pod.terminating);
  const servicePorts = (spec.ports ?? []).flatMap(({ port }, index) =>
    spec.clusterIP === 'None'
      ? []
      : [
          {
            clusterIp: spec.clusterIP,
            port,
            endpoints: ready.map(({ address }) => `${address}:${ports[index]!.port}`),
          },
        ],
  );
  return { slice, servicePorts };
}

function namedPort(spec: PodSpec | undefined, wanted: string): number | undefined {
  for (const container of spec?.containers ?? []) {
    const { ports = [] } = container as {
      readonly ports?: readonly { name?: string; containerPort: number }[];
    };
    const found = ports.find(({ name }) => name === wanted);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}
