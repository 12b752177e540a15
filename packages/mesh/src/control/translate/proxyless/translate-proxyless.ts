import type { RouteConfiguration } from '../../../xds/generated/envoy.config.route.v3.js';
import type { ModelService } from '../../registry/model.js';
import { clusterName } from '../names.js';
import type { ClientProfile } from '../client-profile.js';
import type { ClientView } from '../sidecar/client-view.js';
import { translateHostRoutes } from '../sidecar/virtual-host-routes.js';
import type { Limits } from './limits.js';
import { narrowHost } from './narrow-route.js';

/** A gRPC library's routes for one port of a service, under Istio's name for them: that of the service's cluster. */
export function translateServiceRoutes(
  service: ModelService,
  port: number,
  view: ClientView,
  profile: ClientProfile,
  limits: Limits,
): RouteConfiguration {
  const name = clusterName(service.host, port);
  const routes = narrowHost(translateHostRoutes(service, port, view), profile, name, limits);
  // The channel was made for this service alone, by whichever of its names.
  return { name, virtualHosts: [{ name: `${service.host}:${port}`, domains: ['*'], routes }] };
}
