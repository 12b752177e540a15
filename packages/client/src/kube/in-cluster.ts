import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ClusterAccess } from './cluster-access.js';

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Whether this process runs in a pod that has a service account. */
export function isInCluster(environment: NodeJS.ProcessEnv, folder = FOLDER): boolean {
  return environment['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(`${folder}/token`);
}

/**
 * The access that every pod has by its service account. The token is read anew each time: the kubelet replaces
 * it long before it expires.
 */
export async function inClusterAccess(
  environment: NodeJS.ProcessEnv,
  folder = FOLDER,
): Promise<ClusterAccess> {
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  const read = async (name: string): Promise<string> => (await readFile(`${folder}/${name}`, 'utf8')).trim();
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    origin: `the service account in ${folder}`,
    ca: await read('ca.crt'),
    serverName: undefined,
    verifiesServer: true,
    namespace: await read('namespace').catch(() => 'default'),
    credentials: async () => ({ authorization: `Bearer ${await read('token')}` }),
  };
}
