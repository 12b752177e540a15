/** What a Deployment of a test's own program has besides its name. */
export interface AppOptions {
  readonly kind?: 'Deployment' | 'Job';
  readonly replicas?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Kubernetes' own words, or none; default: HTTP on 8081. */
  readonly readinessProbe?: object | 'none';
  readonly ports?: readonly number[];
}

/** Applies a workload that runs `program` of test/dist/netns, in JSON, which kubectl takes as well. */
export function appManifests(
  namespace: string,
  name: string,
  program: string,
  options: AppOptions = {},
): string {
  const { kind = 'Deployment', replicas = 1, env = {}, ports = [50051, 8081], annotations = {} } = options;
  const labels = { app: name, ...options.labels };
  const { readinessProbe = { httpGet: { path: '/healthz', port: 8081 } } } = options;
  const podName = { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } };
  const container = {
    name: 'app',
    image: 'node:20',
    command: ['node', `test/dist/netns/${program}.js`],
    env: [podName, ...Object.entries(env).map(([key, value]) => ({ name: key, value }))],
    ...(kind === 'Deployment' && readinessProbe !== 'none' && { readinessProbe }),
    ports: ports.map((containerPort) => ({ containerPort })),
  };
  const template = {
    metadata: { labels, annotations },
    spec: {
      terminationGracePeriodSeconds: 30,
      containers: [container],
      ...(kind === 'Job' && { restartPolicy: 'Never' }),
    },
  };
  const spec =
    kind === 'Job' ? { template } : { replicas, selector: { matchLabels: { app: name } }, template };
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'apps/v1';
  return apply(namespace, { apiVersion, kind, metadata: { name }, spec });
}

/** Applies a Service for the pods that are labelled `app: <name>`. */
export function serviceManifests(
  namespace: string,
  name: string,
  ports: readonly { readonly name: string; readonly port: number }[],
  more: Readonly<Record<string, unknown>> = {},
): string {
  const spec = { selector: { app: name }, ports, ...more };
  return apply(namespace, { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
}

/** The command that applies an object. */
export function apply(namespace: string, object: unknown): string {
  return `kubectl apply -n ${namespace} -f - <<'JSON'\n${JSON.stringify(object)}\nJSON\n`;
}
