import type { ServiceObject } from './endpoint-slices.js';

const CLUSTER_DOMAIN = 'svc.cluster.local';

/**
 * What stands in for the cluster's DNS in each pod's /etc/hosts. A name without a namespace is every namespace's:
 * no test has two Services of one name.
 *
 * @param addressesOf those of a headless Service
 */
export function hostsFile(
  services: readonly ServiceObject[],
  apiServer: string,
  addressesOf: (service: ServiceObject) => readonly string[],
): string {
  const lines = services.flatMap((service) => {
    const { name, namespace = 'default' } = service.metadata;
    const names = [
      name,
      `${name}.${namespace}`,
      `${name}.${namespace}.svc`,
      `${name}.${namespace}.${CLUSTER_DOMAIN}`,
    ];
    const { clusterIP } = service.spec;
    const addresses = clusterIP === 'None' ? addressesOf(service) : [clusterIP];
    return addresses.map((address) => `${address} ${names.join(' ')}\n`);
  });
  return `${apiServer} kubernetes.default.svc\n${lines.join('')}`;
}
