import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@weir/core';
import { ClusterAccessError, type ClusterAccess, type RequestCredentials } from './cluster-access.js';

/** Where Kubernetes puts a pod's ServiceAccount. */
const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The kubelet renews tokens long before they end; client-go looks as often. */
const REREAD_MS = 60_000;

export interface InClusterOptions {
  readonly clock: Clock;
  /**
   * That of the process: `KUBERNETES_SERVICE_HOST`, `KUBERNETES_SERVICE_PORT`, and `WEIR_SERVICE_ACCOUNT_DIR` where the
   * ServiceAccount is not mounted at its usual place.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Whether the process runs in a pod that may speak to its cluster. */
export function isInCluster(environment: InClusterOptions['environment']): boolean {
  return (environment['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
}

/**
 * Access by the pod's own ServiceAccount.
 *
 * @throws ClusterAccessError when the process is in no pod, or its token is not mounted
 */
export function inClusterAccess({ clock, environment }: InClusterOptions): ClusterAccess {
  const mount = environment['WEIR_SERVICE_ACCOUNT_DIR'] ?? MOUNT;
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === '')
    throw new ClusterAccessError(
      'this is no pod of a cluster (KUBERNETES_SERVICE_HOST is not set); name a cluster with --kubeconfig or --context',
    );
  let namespace: string;
  try {
    namespace = readFileSync(join(mount, 'namespace'), 'utf8').trim();
  } catch (cause) {
    throw new ClusterAccessError(
      `the pod's ServiceAccount is not at ${mount}; take out automountServiceAccountToken: false`,
      { cause },
    );
  }
  let known: { readonly credentials: RequestCredentials; readonly readMs: number } | undefined;
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    description: 'the cluster it runs in',
    namespace,
    credentials: async () => {
      if (known !== undefined && clock.nowMs() - known.readMs < REREAD_MS) return known.credentials;
      const [token, ca] = await Promise.all([
        readFile(join(mount, 'token'), 'utf8'),
        readFile(join(mount, 'ca.crt'), 'utf8'),
      ]);
      const credentials = { headers: { authorization: `Bearer ${token.trim()}` }, ca };
      known = { credentials, readMs: clock.nowMs() };
      return credentials;
    },
    refused: () => (known = undefined),
  };
}
