import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ClusterAccess } from './cluster-access.js';
import { inClusterAccess, isInCluster } from './in-cluster.js';
import { kubeconfigAccess } from './kubeconfig.js';

export interface AccessOptions {
  /** Default: `$KUBECONFIG`, else the service account of the pod, else `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly wallMs: () => number;
}

/**
 * How to reach the API server from where the program runs.
 *
 * @throws {Error} saying where it looked, or what is wrong with what it found
 */
export function findAccess({ kubeconfig, context, wallMs }: AccessOptions): Promise<ClusterAccess> {
  const named = (process.env['KUBECONFIG'] ?? '').split(delimiter).find((path) => path !== '');
  const file = kubeconfig ?? named;
  if (file !== undefined) return kubeconfigAccess({ file, context, wallMs });
  if (isInCluster(process.env)) return inClusterAccess(process.env);
  const own = join(homedir(), '.kube', 'config');
  if (existsSync(own)) return kubeconfigAccess({ file: own, context, wallMs });
  return Promise.reject(
    new Error(
      `no way to the Kubernetes API: this is no pod with a service account, KUBECONFIG is not set, and there is no ${own}`,
    ),
  );
}
