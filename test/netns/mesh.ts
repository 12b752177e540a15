import { Cluster } from './cluster.js';

/** What every pod of the control plane is labelled with. */
export const CONTROL_PLANE = { 'app.kubernetes.io/component': 'control' };

/** A cluster with Weir installed, and a namespace whose pods get sidecars. */
export async function startMeshedCluster(namespace: string): Promise<Cluster> {
  const cluster = await Cluster.start();
  try {
    await cluster.shell('weir install --istio-crds | kubectl apply -f -');
    await cluster.settled(CONTROL_PLANE, 2);
    const labels = { 'weir.dev/injection': 'enabled' };
    await cluster.api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}
