import { checkFraction } from '../fraction.js';
import type { FaultPolicy } from '../resilience/fault.js';
import type { ForwardAction, WeightedCluster } from './actions.js';
import type { Condition } from './condition.js';
import type { ForwardDecision, RateLimitInForce, RuleDecision, Decision } from './decision.js';
import type { RouteDescription, RouteTableDescription, VirtualHostDescription } from './description.js';
import { compileHeader } from './header-condition.js';
import type { HeaderOperation } from './header-operations.js';
import type { RouteMatch } from './match.js';
import type { Overrides } from './overrides.js';
import { compilePath } from './path-condition.js';
import { compileQuery } from './query-condition.js';
import { WeightedChoice } from './weighted-choice.js';

/** A route ready to be asked. */
export interface Route {
  readonly description: RouteDescription;
  /** The path first: it is what tells most routes apart, and costs least. */
  readonly conditions: readonly Condition[];
  /**
   * Made beforehand, so that deciding allocates nothing; several when requests are divided between clusters.
   */
  readonly outcome: Decision | WeightedChoice<Decision>;
}

/** @throws {RangeError} when the description contradicts itself; the message names the field */
export function compileRoute(
  description: RouteDescription,
  virtualHost: VirtualHostDescription,
  table: Pick<RouteTableDescription, 'mostSpecificHeadersWin'>,
): Route {
  const levels: Levels = {
    virtualHost,
    route: description,
    mostSpecificWins: table.mostSpecificHeadersWin ?? false,
  };
  for (const overrides of [virtualHost, description]) checkFault(overrides.fault);
  return {
    description,
    conditions: compileMatch(description.match),
    outcome: compileAction(description, levels),
  };
}

function compileMatch({ path, headers, queryParameters = [] }: RouteMatch): readonly Condition[] {
  return [compilePath(path), ...headers.map(compileHeader), ...queryParameters.map(compileQuery)];
}

interface Levels {
  readonly virtualHost: VirtualHostDescription;
  readonly route: RouteDescription;
  readonly mostSpecificWins: boolean;
}

function compileAction({ action }: RouteDescription, levels: Levels): Route['outcome'] {
  switch (action.kind) {
    case 'redirect':
      return { kind: 'redirect', ...ruleDecision(levels, undefined), redirect: action };
    case 'direct-response':
      return { kind: 'direct-response', ...ruleDecision(levels, undefined), response: action };
    case 'forward': {
      const weighted = action.clusters.map((cluster) => ({
        item: forwardDecision(action, cluster, levels),
        weight: cluster.weight,
      }));
      const choice = new WeightedChoice<Decision>(weighted);
      const inUse = weighted.filter(({ weight }) => weight > 0);
      return inUse.length === 1 ? inUse[0]!.item : choice;
    }
  }
}

function forwardDecision(action: ForwardAction, cluster: WeightedCluster, levels: Levels): ForwardDecision {
  checkFault(cluster.fault);
  const { virtualHost } = levels;
  const { mirrors = [] } = action;
  mirrors.forEach(({ fraction }, index) => checkFraction(fraction, `mirrors[${index}].fraction`));
  return {
    kind: 'forward',
    ...ruleDecision(levels, cluster),
    cluster: cluster.cluster,
    timeoutMs: action.timeoutMs,
    maxGrpcTimeoutMs: action.maxGrpcTimeoutMs ?? 0,
    maxStreamDurationMs: action.maxStreamDurationMs ?? 0,
    idleTimeoutMs: action.idleTimeoutMs ?? 0,
    retry: action.retry ?? virtualHost.retry,
    hedging: action.hedging ?? virtualHost.hedging,
    mirrors,
    pathRewrite: action.pathRewrite,
    hostRewrite: cluster.hostRewrite ?? action.hostRewrite,
    hash: action.hash ?? [],
    requestHeaders: allLevels(levels, cluster, ({ requestHeaders }) => requestHeaders),
  };
}

function ruleDecision(levels: Levels, cluster: WeightedCluster | undefined): RuleDecision {
  const { virtualHost, route } = levels;
  return {
    routeName: route.name,
    virtualHost: virtualHost.name,
    path: route.match.path,
    responseHeaders: allLevels(levels, cluster, ({ responseHeaders }) => responseHeaders),
    fault: cluster?.fault ?? route.fault ?? virtualHost.fault,
    rateLimit: rateLimitInForce(levels, cluster),
  };
}

function rateLimitInForce(
  { virtualHost, route }: Levels,
  cluster: WeightedCluster | undefined,
): RateLimitInForce | undefined {
  const routeKey = `${virtualHost.name}/${route.name}`;
  if (cluster?.rateLimit !== undefined)
    return { policy: cluster.rateLimit, key: `${routeKey}/${cluster.cluster}` };
  if (route.rateLimit !== undefined) return { policy: route.rateLimit, key: routeKey };
  if (virtualHost.rateLimit !== undefined) return { policy: virtualHost.rateLimit, key: virtualHost.name };
  return undefined;
}

/** Envoy, `most_specific_header_mutations_wins`: "evaluated from most to least specific" unless it is set. */
function allLevels(
  { virtualHost, route, mostSpecificWins }: Levels,
  cluster: WeightedCluster | undefined,
  operationsOf: (level: Overrides) => readonly HeaderOperation[] | undefined,
): readonly HeaderOperation[] {
  const mostSpecificFirst: readonly Overrides[] =
    cluster === undefined ? [route, virtualHost] : [cluster, route, virtualHost];
  const levels = mostSpecificWins ? mostSpecificFirst.toReversed() : mostSpecificFirst;
  return levels.flatMap((level) => operationsOf(level) ?? []);
}

function checkFault(fault: FaultPolicy | undefined): void {
  if (fault?.delay !== undefined) checkFraction(fault.delay.fraction, 'fault.delay');
  if (fault?.abort !== undefined) checkFraction(fault.abort.fraction, 'fault.abort');
}
