/** What the injector is told once, for all pods. */
export interface InjectSettings {
  /** Image of the sidecar and of the capture step. */
  readonly image: string;
  /** Where the control plane serves xDS, `host:port`. */
  readonly xds: string;
  /** The user that the sidecar runs as; its own traffic is told from the application's by it. */
  readonly proxyUid: number;
  /** What the sidecar asks for and may use at most, as Kubernetes quantities. */
  readonly cpuRequest: string;
  readonly memoryRequest: string;
  readonly memoryLimit: string;
  /** Namespaces that never get a sidecar, whatever their label says. */
  readonly systemNamespaces: readonly string[];
}

/** Kubernetes' own. */
export const KUBERNETES_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

export const defaultInjectSettings: InjectSettings = {
  image: 'weir:latest',
  xds: 'weir-control.weir-system.svc.cluster.local:15010',
  proxyUid: 1337,
  cpuRequest: '50m',
  memoryRequest: '96Mi',
  memoryLimit: '256Mi',
  systemNamespaces: [...KUBERNETES_NAMESPACES, 'weir-system'],
};

/** Ports of the sidecar that a pod can be asked at; Istio's numbers. */
export const PORTS = {
  outbound: 15001,
  inbound: 15006,
  admin: 15000,
  metrics: 15020,
  status: 15021,
} as const;
