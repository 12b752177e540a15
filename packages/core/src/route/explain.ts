import { firstFailing } from './condition.js';
import { findVirtualHost } from './decide.js';
import { DomainIndex } from './domain-index.js';
import type { RouteAction } from './actions.js';
import type { Route } from './compile-route.js';
import type { Destination, Explanation, MatchedRoute, PassedOverRoute } from './explanation.js';
import { explainSettings } from './explain-settings.js';
import type { RouteRequest } from './request.js';
import type { RouteTable, VirtualHost } from './route-table.js';

/**
 * Why `decide` decides as it does about a request: it asks the same conditions in the same order. Where
 * chance decides it gives the shares.
 */
export function explain(request: RouteRequest, table: RouteTable): Explanation {
  const { authority, path } = request;
  const virtualHost = findVirtualHost(table, authority);
  if (virtualHost === undefined) {
    return { authority, path, virtualHost, passedOver: [], matched: undefined };
  }
  const { name, description } = virtualHost;
  const found = { name, domain: domainOf(virtualHost, authority), source: description.source };
  const passedOver: PassedOverRoute[] = [];
  for (const [index, route] of virtualHost.routes.entries()) {
    const failing = firstFailing(route.conditions, request);
    if (failing === -1) {
      const matched = explainRoute(index, route, virtualHost);
      return { authority, path, virtualHost: found, passedOver, matched };
    }
    const { subject, requirement, actual } = route.conditions[failing]!;
    passedOver.push({
      ...introduce(index, route),
      because: `${subject} ${actual(request)}; it ${requirement}`,
    });
  }
  return { authority, path, virtualHost: found, passedOver, matched: undefined };
}

function introduce(
  index: number,
  { description }: Route,
): Pick<PassedOverRoute, 'index' | 'name' | 'source'> {
  return { index, name: description.name, source: description.source };
}

function explainRoute(index: number, route: Route, virtualHost: VirtualHost): MatchedRoute {
  const { action } = route.description;
  return {
    ...introduce(index, route),
    conditions: route.conditions.map(({ subject, requirement }) => `${subject} ${requirement}`),
    action: action.kind,
    answer: answerOf(action),
    destinations: action.kind === 'forward' ? destinationsOf(action.clusters, route) : [],
    settings: explainSettings(route.description, virtualHost.description),
  };
}

function destinationsOf(
  clusters: readonly {
    readonly cluster: string;
    readonly weight: number;
    readonly source?: Destination['source'];
  }[],
  { description }: Route,
): Destination[] {
  const total = clusters.reduce((sum, { weight }) => sum + weight, 0);
  return clusters.map(({ cluster, weight, source }) => ({
    cluster,
    weight,
    share: weight / total,
    source: source ?? description.source,
  }));
}

function answerOf(action: RouteAction): string {
  switch (action.kind) {
    case 'forward':
      return '';
    case 'direct-response':
      return `status ${action.status}`;
    case 'redirect': {
      const { scheme, host, port = 0, path, status } = action;
      const parts = [
        scheme === undefined ? '' : `scheme ${scheme}`,
        host === undefined ? '' : `host ${host}`,
        port === 0 ? '' : `port ${port}`,
        path === undefined ? '' : `path ${path.kind === 'regex' ? path.substitution : path.value}`,
      ];
      return `status ${status} to ${parts.filter((part) => part !== '').join(', ') || 'the same place'}`;
    }
  }
}

function domainOf({ domains }: VirtualHost, authority: string): string {
  const index = new DomainIndex<string>();
  for (const domain of domains) index.add(domain, domain);
  return index.find(authority)!;
}
