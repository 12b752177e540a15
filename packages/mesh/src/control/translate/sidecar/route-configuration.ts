import type { RouteConfiguration, VirtualHost } from '../../../xds/generated/envoy.config.route.v3.js';
import type { ModelService } from '../../registry/model.js';
import { routeConfigurationName } from '../names.js';
import type { ClientView } from './client-view.js';
import { translateHostRoutes } from './virtual-host-routes.js';

/**
 * Routes of everything that can be called on one port: a virtual host for each service, found by any of the
 * service's names and addresses.
 *
 * @param services those that have the port, in order of precedence: a name goes to the first that claims it,
 *   since a proxy refuses a configuration in which a name stands twice
 */
export function translateRouteConfiguration(
  port: number,
  services: readonly ModelService[],
  view: ClientView,
): RouteConfiguration {
  const taken = new Set<string>();
  const virtualHosts: VirtualHost[] = [];
  for (const service of [...services].sort(compareClaims)) {
    const domains = domainsOf(service, view.client.namespace)
      .flatMap((domain) => [domain, `${domain}:${port}`])
      .filter((domain) => !taken.has(domain));
    if (domains.length === 0) continue;
    for (const domain of domains) taken.add(domain);
    virtualHosts.push({
      name: `${service.host}:${port}`,
      domains,
      ...translateHostRoutes(service, port, view),
    });
  }
  return { name: routeConfigurationName(port), virtualHosts };
}

/** Full names are claimed before short ones may take them: a ServiceEntry's host wins over an alias. */
function compareClaims(a: ModelService, b: ModelService): number {
  return Number(a.shortName !== undefined) - Number(b.shortName !== undefined);
}

/** @param namespace the client's: within it a service has its short name */
function domainsOf(service: ModelService, namespace: string): string[] {
  const short = service.namespace === namespace ? service.shortName : undefined;
  const names = [service.host, ...service.aliases, ...(short === undefined ? [] : [short])];
  const addresses = service.addresses.map((address) => (address.includes(':') ? `[${address}]` : address));
  return [...names.map((name) => name.toLowerCase()), ...addresses];
}
