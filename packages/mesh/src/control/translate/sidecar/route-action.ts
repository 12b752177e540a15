import type { HttpRouteObject, RouteDestinationObject } from '../../../kube/resources/http-route.js';
import type {
  RetryPolicy,
  Route,
  RouteAction,
  RouteAction_HashPolicy,
  RouteAction_RequestMirrorPolicy,
  WeightedCluster_ClusterWeight,
} from '../../../xds/generated/envoy.config.route.v3.js';
import { parseDurationMs } from '../../../kube/resources/duration.js';
import type { ModelRule } from '../../registry/policies.js';
import type { ClientView, Target } from './client-view.js';
import { durationOf } from './duration.js';
import { runtimeFractionOf } from './fraction.js';
import { translateHeaders, type HeaderChanges } from './header-operations.js';
import { translateGrpcRetry, translateRetries } from './retry-policy.js';
import type { PolicySpec } from './route-plan.js';

/** What a route does with a call it forwards, and what it changes on the way. */
export type ForwardingRoute = Pick<Route, 'route'> & HeaderChanges;

/** Forwards to the service that was called. */
export function forwardToTarget(target: Target, policy: PolicySpec): ForwardingRoute {
  const hashes = target.hash === undefined ? [] : [target.hash];
  // Written out, because Envoy ends a request after 15 s when nothing is said.
  const base: RouteAction = { cluster: target.cluster, timeout: { seconds: 0 } };
  return { route: { ...base, ...refine(undefined, policy, hashes) } };
}

/** Forwards as a rule says. */
export function forwardByRule(
  rule: ModelRule,
  policy: PolicySpec,
  port: number,
  view: ClientView,
): ForwardingRoute {
  const { spec, source, origin } = rule;
  const { namespace } = origin.object.metadata;
  const targets = (spec.route ?? []).map((entry) => ({
    entry,
    target: view.resolve(entry.destination, namespace, port, source),
  }));
  const { changes, authority } = translateHeaders(spec.headers);
  const hashes = distinctHashes(targets.map(({ target }) => target.hash));
  const mirrors = translateMirrors(rule, port, view);
  const [only] = targets;
  const single = targets.length === 1 && only !== undefined ? translateSingle(only, changes) : undefined;
  const host = spec.rewrite?.authority ?? authority ?? single?.authority;
  return {
    ...(single?.changes ?? changes),
    route: {
      ...(single === undefined ? weigh(targets) : { cluster: single.cluster }),
      timeout: spec.timeout === undefined ? { seconds: 0 } : durationOf(spec.timeout),
      ...translateRewrite(spec),
      ...(host !== undefined && { hostRewriteLiteral: host }),
      ...(mirrors.length > 0 && { requestMirrorPolicies: mirrors }),
      ...refine(spec, policy, hashes),
    },
  };
}

interface Weighted {
  readonly entry: RouteDestinationObject;
  readonly target: Target;
}

/** With one destination its header changes are the route's. Envoy makes the more specific ones first. */
function translateSingle({ entry, target }: Weighted, ofRoute: HeaderChanges) {
  const { changes, authority } = translateHeaders(entry.headers);
  const joined: Record<string, readonly unknown[]> = {};
  for (const part of [changes, ofRoute])
    for (const [field, list] of Object.entries(part)) joined[field] = [...(joined[field] ?? []), ...list];
  return { cluster: target.cluster, changes: joined as HeaderChanges, authority };
}

function weigh(targets: readonly Weighted[]): Pick<RouteAction, 'weightedClusters'> {
  const clusters = targets
    .filter(({ entry }) => (entry.weight ?? 0) > 0)
    .map(({ entry, target }): WeightedCluster_ClusterWeight => {
      const { changes, authority } = translateHeaders(entry.headers);
      return {
        name: target.cluster,
        weight: { value: entry.weight ?? 0 },
        ...changes,
        ...(authority !== undefined && { hostRewriteLiteral: authority }),
      };
    });
  const total = clusters.reduce((sum, { weight }) => sum + (weight?.value ?? 0), 0);
  return { weightedClusters: { clusters, totalWeight: { value: total } } };
}

function distinctHashes(hashes: readonly (RouteAction_HashPolicy | undefined)[]): RouteAction_HashPolicy[] {
  const byContent = new Map<string, RouteAction_HashPolicy>();
  for (const hash of hashes) if (hash !== undefined) byContent.set(JSON.stringify(hash), hash);
  return [...byContent.values()];
}

function translateRewrite({ rewrite }: HttpRouteObject): Pick<RouteAction, 'prefixRewrite' | 'regexRewrite'> {
  if (rewrite?.uriRegexRewrite !== undefined) {
    const { match, rewrite: substitution } = rewrite.uriRegexRewrite;
    return { regexRewrite: { pattern: { regex: match }, substitution } };
  }
  return rewrite?.uri === undefined ? {} : { prefixRewrite: rewrite.uri };
}

function translateMirrors(
  { spec, origin, source }: ModelRule,
  port: number,
  view: ClientView,
): RouteAction_RequestMirrorPolicy[] {
  const single = spec.mirror && {
    destination: spec.mirror,
    percent: spec.mirrorPercentage?.value ?? (spec.mirrorPercentage ? 0 : spec.mirrorPercent),
  };
  const mirrors = [
    ...(single === undefined ? [] : [single]),
    ...(spec.mirrors ?? []).map(({ destination, percentage }) => ({
      destination,
      percent: percentage === undefined ? undefined : (percentage.value ?? 0),
    })),
  ];
  return mirrors
    .filter(({ percent }) => percent !== 0)
    .map(({ destination, percent = 100 }) => ({
      cluster: view.resolve(destination, origin.object.metadata.namespace, port, source).cluster,
      runtimeFraction: runtimeFractionOf(percent),
    }));
}

/** Limits in time, retries, and what binds calls to endpoints. */
function refine(
  spec: HttpRouteObject | undefined,
  policy: PolicySpec,
  hashes: readonly RouteAction_HashPolicy[],
): Partial<RouteAction> {
  const retryPolicy = chooseRetries(spec, policy, hashes.length > 0);
  const hasTimeout = (parseDurationMs(spec?.timeout ?? '0s') ?? 0) > 0;
  const stream = {
    ...(policy.streamMaxAge !== undefined && { maxStreamDuration: durationOf(policy.streamMaxAge) }),
    // Istio does so, too: a caller may ask for less than the route's timeout, not for more.
    ...(hasTimeout && { grpcTimeoutHeaderMax: durationOf(spec?.timeout ?? '0s') }),
  };
  return {
    ...(Object.keys(stream).length > 0 && { maxStreamDuration: stream }),
    ...(policy.streamIdleTimeout !== undefined && { idleTimeout: durationOf(policy.streamIdleTimeout) }),
    ...(retryPolicy !== undefined && { retryPolicy }),
    ...(hashes.length > 0 && { hashPolicy: hashes }),
  };
}

function chooseRetries(
  spec: HttpRouteObject | undefined,
  { retry, idempotent }: PolicySpec,
  hashes: boolean,
): RetryPolicy | undefined {
  const chosen =
    retry === undefined
      ? spec?.retries && translateRetries(spec.retries, hashes)
      : translateGrpcRetry(retry, hashes);
  // Without a policy only attempts that were not processed are made again; one that forbids these, too, stays.
  return idempotent === false && chosen?.numRetries?.value !== 0 ? undefined : chosen;
}
