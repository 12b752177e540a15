import { callApi } from '../../support/kube-apiserver/kube-client.js';
import { until } from '../../support/until.js';
import type { Cluster } from '../cluster.js';
import { appManifests, serviceManifests } from '../deployments.js';
import type { LoadReport } from './load-report.js';

export const SERVER = { app: 'load-server' };
export const CLIENT = { app: 'load-client' };

/** A service of three pods, and one pod that will call it. */
export function loadManifests(namespace: string): string {
  return (
    serviceManifests(namespace, 'load-server', [{ name: 'grpc', port: 50051 }]) +
    appManifests(namespace, 'load-server', 'load/load-server', { replicas: 3, env: { LINGER_MS: '0' } }) +
    appManifests(namespace, 'load-client', 'load/load-client', { env: { TARGET: 'load-server:50051' } })
  );
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
