import { listenerResource, routeResource, type Resource } from '../../xds/resource.js';
import type { ModelService } from '../registry/model.js';
import { carriesRequests } from '../registry/protocol.js';
import { isGrpc, type ClientProfile } from '../translate/client-profile.js';
import { clusterName, parseClusterName, parseTarget } from '../translate/names.js';
import { translateApiListener } from '../translate/proxyless/api-listener.js';
import { Limits } from '../translate/proxyless/limits.js';
import { translateServiceRoutes } from '../translate/proxyless/translate-proxyless.js';
import type { BalancerName } from '../translate/sidecar/balancer.js';
import type { ClientView } from '../translate/sidecar/client-view.js';
import { translateEntries } from '../translate/sidecar/translate-sidecar.js';
import type { LimitedResource } from './cluster-store.js';

/** Listeners and routes of one set of alike clients: what brings their calls to clusters. */
export interface EntryResources {
  listener(name: string): LimitedResource | undefined;
  route(name: string): LimitedResource | undefined;
  /** Under a wildcard. */
  listenerNames(): Iterable<string>;
  routeNames(): Iterable<string>;
  /** Makes all there are, so that every destination that rules name has been looked up. */
  resolveAll(): void;
}

export function entryResources(
  view: () => ClientView,
  profile: ClientProfile,
  balancer: BalancerName,
): EntryResources {
  return isGrpc(profile.kind) ? new ServiceEntries(view, profile) : new PortEntries(view, balancer);
}

/** What sidecars and Envoy get: a listener for each port, whose routes tell services apart by authority. */
class PortEntries implements EntryResources {
  readonly #view: () => ClientView;
  readonly #balancer: BalancerName;
  #made: Readonly<Record<'listeners' | 'routes', ReadonlyMap<string, Resource>>> | undefined;

  constructor(view: () => ClientView, balancer: BalancerName) {
    this.#view = view;
    this.#balancer = balancer;
  }

  listener(name: string): LimitedResource | undefined {
    return unlimited(this.#all().listeners.get(name));
  }

  route(name: string): LimitedResource | undefined {
    return unlimited(this.#all().routes.get(name));
  }

  listenerNames(): Iterable<string> {
    return this.#all().listeners.keys();
  }

  routeNames(): Iterable<string> {
    return this.#all().routes.keys();
  }

  resolveAll(): void {
    this.#all();
  }

  #all(): Readonly<Record<'listeners' | 'routes', ReadonlyMap<string, Resource>>> {
    if (this.#made !== undefined) return this.#made;
    const { listeners, routes } = translateEntries(this.#view(), this.#balancer);
    this.#made = {
      listeners: byName(listeners.map(listenerResource)),
      routes: byName(routes.map(routeResource)),
    };
    return this.#made;
  }
}

function unlimited(resource: Resource | undefined): LimitedResource | undefined {
  return resource && { resource, limits: [] };
}

function byName(resources: readonly Resource[]): ReadonlyMap<string, Resource> {
  return new Map(resources.map((resource) => [resource.name, resource]));
}

/** What gRPC libraries get: a listener for each name of a service that they call, and one set of routes for all of these. */
class ServiceEntries implements EntryResources {
  readonly #view: () => ClientView;
  readonly #profile: ClientProfile;

  constructor(view: () => ClientView, profile: ClientProfile) {
    this.#view = view;
    this.#profile = profile;
  }

  listener(name: string): LimitedResource | undefined {
    const found = findTarget(name, this.#view());
    if (found === undefined) return undefined;
    const routes = clusterName(found.service.host, found.port);
    return { resource: listenerResource(translateApiListener(name, routes, this.#profile)), limits: [] };
  }

  route(name: string): LimitedResource | undefined {
    const { host = '', port = 0, subset } = parseClusterName(name) ?? {};
    const service = this.#view().serviceOf(host);
    if (service === undefined || subset !== '' || !hasPort(service, port)) return undefined;
    const limits = new Limits();
    const routes = translateServiceRoutes(service, port, this.#view(), this.#profile, limits);
    return { resource: routeResource(routes), limits: limits.found };
  }

  *listenerNames(): Iterable<string> {
    for (const { host, port } of this.#targets()) yield `${host}:${port}`;
  }

  *routeNames(): Iterable<string> {
    for (const { host, port } of this.#targets()) yield clusterName(host, port);
  }

  resolveAll(): void {
    for (const name of this.routeNames()) this.route(name);
  }

  *#targets(): Iterable<{ readonly host: string; readonly port: number }> {
    for (const { host, ports } of this.#view().services)
      for (const { number, protocol } of ports) if (carriesRequests(protocol)) yield { host, port: number };
  }
}

function hasPort(service: ModelService, port: number): boolean {
  return service.ports.some(({ number, protocol }) => number === port && carriesRequests(protocol));
}

/** What `xds:///<name>` means: any name of a service, with its port; without one where the service has but one. */
function findTarget(
  name: string,
  view: ClientView,
): { readonly service: ModelService; readonly port: number } | undefined {
  const target = parseTarget(name);
  if (target.host === '') return undefined;
  const service = view.serviceOf(view.model.hosts.resolve(target.host, view.client.namespace));
  if (service === undefined) return undefined;
  const carrying = service.ports.filter(({ protocol }) => carriesRequests(protocol));
  const port = target.port ?? (carrying.length === 1 ? carrying[0]?.number : undefined);
  return port !== undefined && hasPort(service, port) ? { service, port } : undefined;
}
