import { callApi } from '../../support/kube-apiserver/kube-client.js';
import { until } from '../../support/until.js';
import type { Cluster } from '../cluster.js';
import type { LoadReport } from './load-report.js';

export const SERVER = { app: 'load-server' };
export const CLIENT = { app: 'load-client' };

const PROGRAMS = 'test/dist/netns/load';

/** A service of three pods, and one pod that will call it. */
export function loadManifests(namespace: string): string {
  return `kubectl apply -n ${namespace} -f - <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: load-server}
spec:
  selector: {app: load-server}
  ports: [{name: grpc, port: 50051}]
---
${deployment('load-server', 3, '[{name: LINGER_MS, value: "0"}]')}
---
${deployment('load-client', 1, '[{name: TARGET, value: "load-server:50051"}]')}
YAML`;
}

function deployment(name: string, replicas: number, env: string): string {
  const podName = '{name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}';
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 30
      containers:
        - name: app
          image: node:20
          command: [node, ${PROGRAMS}/${name}.js]
          env: ${env.replace('[', `[${podName}, `)}
          ports: [{containerPort: 50051}, {containerPort: 8081}]
          readinessProbe: {httpGet: {path: /healthz, port: 8081}}`;
}

/** Begins to call, `rate` times a second. */
export function startLoad(cluster: Cluster, rate: number): Promise<LoadReport> {
  return ask(cluster, `start?rate=${rate}`);
}

/** The calls that have ended since it was asked last. */
export function readLoad(cluster: Cluster): Promise<LoadReport> {
  return ask(cluster, 'report');
}

/** Waits for the calls in flight. */
export function stopLoad(cluster: Cluster): Promise<LoadReport> {
  return ask(cluster, 'stop');
}

async function ask(cluster: Cluster, path: string): Promise<LoadReport> {
  const [client] = cluster.pods(CLIENT);
  if (client === undefined) throw new Error('there is no client pod');
  const response = await fetch(`http://${client.pod.network.address}:8081/${path}`);
  return (await response.json()) as LoadReport;
}

/** Replaces every pod by one that lingers so long, and waits until the old ones are gone. */
export async function roll(cluster: Cluster, namespace: string, lingerMs: number): Promise<void> {
  const before = new Set(cluster.pods(SERVER).map(({ name }) => name));
  const env = [{ name: 'LINGER_MS', value: String(lingerMs) }];
  const container = { name: 'app', env };
  await patch(cluster, namespace, {
    template: {
      metadata: { annotations: { 'weir.test/rolled-at': String(Date.now()) } },
      spec: { containers: [container] },
    },
  });
  const size = before.size;
  const isDone = (): boolean => {
    const pods = cluster.pods(SERVER);
    return pods.length === size && pods.every(({ name, pod }) => pod.ready && !before.has(name));
  };
  await until('the rollout', isDone, 120_000);
}

export async function scale(cluster: Cluster, namespace: string, replicas: number): Promise<void> {
  await patch(cluster, namespace, { replicas });
  await cluster.settled(SERVER, replicas, 120_000);
}

async function patch(cluster: Cluster, namespace: string, spec: unknown): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/load-server`;
  const contentType = 'application/strategic-merge-patch+json';
  const { status, body } = await callApi(cluster.api, path, { method: 'PATCH', body: { spec }, contentType });
  if (status !== 200) throw new Error(`PATCH ${path}: ${status} ${JSON.stringify(body)}`);
}
