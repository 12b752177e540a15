import {
  explain,
  type Destination,
  type EndpointHealth,
  type Explanation,
  type MatchedRoute,
  type RouteRequest,
} from '@weir/core';
import type { ClusterView } from '../../admin/proxy-view.js';
import type { ProxyConfig } from '../config/proxy-config.js';
import { limitsOf, type ExplainedLimit } from './limits-of.js';

/** Why a call goes where it goes, with all that stands behind the names in it. */
export interface ExplainReport extends Omit<Explanation, 'matched'> {
  /** Whether a rule takes the call. */
  readonly routed: boolean;
  /** Why none does, and what to do; empty when one does. */
  readonly reason: string;
  readonly matched: ExplainedMatch | undefined;
  /** What of the configuration is not in force as it is wrong. */
  readonly errors: readonly string[];
}

export interface ExplainedMatch extends Omit<MatchedRoute, 'destinations'> {
  readonly destinations: readonly ExplainedDestination[];
  /** What is written for the rule and has no effect in the proxy. */
  readonly withoutEffect: readonly string[];
}

export interface ExplainedDestination extends Destination {
  readonly service: string;
  readonly port: number;
  /** Empty when it is the whole service. */
  readonly subset: string;
  /** Too few of its endpoints are healthy, so those that are not are used as well; only a running proxy knows. */
  readonly panicking?: boolean;
  /** Why there is nothing behind it; empty when there is. */
  readonly missing: string;
  readonly endpoints: readonly ExplainedEndpoint[];
  readonly limits: readonly ExplainedLimit[];
  /** What is written for it and has no effect in the proxy. */
  readonly withoutEffect: readonly string[];
}

export interface ExplainedEndpoint {
  readonly address: string;
  /** Empty when unknown. */
  readonly pod: string;
  readonly health: EndpointHealth;
  /** Whether it gets nothing for a while, for its failures; only a running proxy knows. */
  readonly ejected?: boolean;
  /** Requests under way; likewise. */
  readonly inFlight?: number;
  /** `region/zone/subzone`; empty when unknown. */
  readonly locality: string;
  readonly weight: number;
  /** 0 is used first. */
  readonly priority: number;
}

/**
 * Explains a request to a port.
 *
 * @param defaultBalancer of the control plane
 * @param describeUnknown says what to do when nobody answers for the authority on that port
 * @param live a cluster as it is now, in a running proxy
 */
export function explainRequest(
  request: RouteRequest,
  port: number,
  config: ProxyConfig,
  defaultBalancer: string,
  describeUnknown: () => string,
  live: (cluster: string) => ClusterView | undefined = () => undefined,
): Omit<ExplainReport, 'errors'> {
  const { authority, path } = request;
  const table = config.route(port);
  const explanation: Explanation =
    table === undefined
      ? { authority, path, virtualHost: undefined, passedOver: [], matched: undefined }
      : explain(request, table);
  const { virtualHost, matched } = explanation;
  const routed = matched !== undefined;
  return {
    ...explanation,
    routed,
    reason: routed ? '' : virtualHost === undefined ? describeUnknown() : NO_RULE,
    matched: matched && {
      ...matched,
      destinations: matched.destinations.map((each) =>
        explainDestination(each, config, defaultBalancer, live(each.cluster)),
      ),
      withoutEffect: warningsOf(virtualHost?.name ?? '', matched.index, port, config),
    },
  };
}

const NO_RULE =
  'no rule matches, so the call fails; add a rule without "match" after the others for the rest';

function explainDestination(
  destination: Destination,
  config: ProxyConfig,
  defaultBalancer: string,
  live: ClusterView | undefined,
): ExplainedDestination {
  const { cluster: name } = destination;
  // `outbound|50051|v1|greeter.default.svc.cluster.local`.
  const [, port = '', subset = '', service = name] = name.split('|');
  const [clusters] = config.types;
  const received = clusters.get(name);
  const hosts = config.cluster(name)?.hosts.values() ?? [];
  return {
    ...destination,
    service,
    port: Number(port),
    subset,
    missing: received?.content.missing ?? '',
    endpoints: Array.from(hosts, ({ endpoint }) => {
      const { address, pod, health, locality, weight, priority = 0 } = endpoint;
      const now = live?.hosts.get(address)?.stats;
      const { ejected = false, inFlight = 0 } = now ?? {};
      return { address, pod, health, locality, weight, priority, ...(now && { ejected, inFlight }) };
    }),
    ...(live && { panicking: live.panickingPriorities > 0 }),
    limits: received === undefined ? [] : limitsOf(received.content, defaultBalancer, live),
    withoutEffect: received?.warnings ?? [],
  };
}

/** What the proxy says of a route when it reads it, without the path to the route. */
function warningsOf(
  virtualHost: string,
  route: number,
  port: number,
  config: ProxyConfig,
): readonly string[] {
  const [, , listeners, routes] = config.types;
  const listener = listeners.resources.find(({ content }) => content.port === port);
  const found = listener && routes.get(listener.content.routeConfigName);
  if (found === undefined) return [];
  const host = found.content.description.virtualHosts.findIndex(({ name }) => name === virtualHost);
  const path = `virtual_hosts[${host}].routes[${route}].`;
  return found.warnings.filter((one) => one.startsWith(path)).map((one) => one.slice(path.length));
}
