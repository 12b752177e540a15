import type { Cluster } from './cluster.js';

/** Makes a namespace and applies the example's manifests as they are. */
export function greeterManifests(namespace: string): string {
  return (
    `kubectl apply -f - <<'YAML'\napiVersion: v1\nkind: Namespace\nmetadata: {name: ${namespace}}\nYAML\n` +
    `kubectl apply -n ${namespace} -f examples/greeter/deploy/`
  );
}

/** Calls the client's HTTP door so often; how many times each pod has answered. */
export async function countAnswers(
  cluster: Cluster,
  calls: number,
  query = 'name=native-tools-2',
): Promise<ReadonlyMap<string, number>> {
  const [client] = cluster.pods({ app: 'native-tools-1' });
  if (client === undefined) throw new Error('there is no client pod');
  const answers = new Map<string, number>();
  for (let call = 0; call < calls; call++) {
    const response = await fetch(`http://${client.pod.network.address}:8081/grpc_client?${query}`);
    const text = await response.text();
    const answer = /hostname:([^,\s]+)/.exec(text)?.[1] ?? `${response.status} ${text.trim()}`;
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  return answers;
}
