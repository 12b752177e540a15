import type { Clock } from '@weir/core';
import type { ClusterAccess } from './cluster-access.js';
import { inClusterAccess, isInCluster } from './in-cluster.js';

export interface AccessOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The cluster that options name; without any that of the pod, and outside of one that of the default kubeconfig.
 *
 * @throws ClusterAccessError
 */
export async function openAccess(options: AccessOptions): Promise<ClusterAccess> {
  const { kubeconfig, context, clock, environment } = options;
  if (kubeconfig === undefined && context === undefined && isInCluster(environment))
    return inClusterAccess({ clock, environment });
  const { kubeconfigAccess } = await import('./kubeconfig.js');
  return kubeconfigAccess({ file: kubeconfig, context });
}
