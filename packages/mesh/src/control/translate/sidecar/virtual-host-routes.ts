import type { HttpRouteObject } from '../../../kube/resources/http-route.js';
import { parseDurationMs } from '../../../kube/resources/duration.js';
import type {
  DirectResponseAction,
  Route,
  VirtualHost,
} from '../../../xds/generated/envoy.config.route.v3.js';
import type { JsonObject } from '../../../xds/struct.js';
import { FAULT_FILTER, LOCAL_RATE_LIMIT_FILTER } from '../../../xds/type-urls.js';
import type { ModelService } from '../../registry/model.js';
import { selectVirtualService } from '../../registry/select-virtual-service.js';
import type { ClientView } from './client-view.js';
import { translateHeaders, type HeaderChanges } from './header-operations.js';
import { translateRedirect } from './redirect.js';
import { codesOf } from './retry-policy.js';
import { forwardByRule, forwardToTarget, type ForwardingRoute } from './route-action.js';
import { translateFault, translateRateLimit } from './route-filters.js';
import { translateMatch } from './route-match.js';
import { planPolicies, planRule, takesAll, type PolicySpec, type RoutePlan } from './route-plan.js';
import { jsonOfSource, weirMetadata } from './weir-metadata.js';

/** The part of a virtual host that rules and policies decide. */
export type HostRoutes = Pick<VirtualHost, 'routes' | 'typedPerFilterConfig' | 'metadata'>;

const DEFAULT_PLAN: RoutePlan = {
  name: 'default',
  match: undefined,
  rule: undefined,
  source: undefined,
  policy: undefined,
};

/** The routes of calls to one port of a service, in order; the first that matches counts. */
export function translateHostRoutes(service: ModelService, port: number, view: ClientView): HostRoutes {
  const { policies } = view.model;
  const ofService = policies.grpcPolicies.get(service.host);
  const chosen = selectVirtualService(policies, service.host, view.client.namespace);
  const plans = chosen?.rules.flatMap((rule) => planRule(rule, view.client, port)) ?? [];
  // As in Istio, rules of which none is for this client leave the service as it is without them.
  const reached = plans.length === 0 ? [DEFAULT_PLAN] : untilAllTaken(plans);
  const whole = ofService?.whole;
  const limit = whole?.spec.rateLimit;
  return {
    routes: planPolicies(reached, ofService).map((plan) => translateRoute(plan, service, port, view)),
    // On the host, so that all its routes share one bucket.
    ...(whole !== undefined &&
      limit !== undefined && {
        typedPerFilterConfig: { [LOCAL_RATE_LIMIT_FILTER]: translateRateLimit(limit, service.host) },
        metadata: weirMetadata({ source: jsonOfSource(whole.source) }),
      }),
  };
}

/** What comes after a route for every request is never reached. */
function untilAllTaken(plans: readonly RoutePlan[]): readonly RoutePlan[] {
  const end = plans.findIndex(({ match }) => takesAll(match));
  return end < 0 ? plans : plans.slice(0, end + 1);
}

function translateRoute(plan: RoutePlan, service: ModelService, port: number, view: ClientView): Route {
  const filters = filtersOf(plan, service);
  const metadata = metadataOf(plan);
  return {
    name: plan.name,
    match: translateMatch(plan.match),
    ...actionOf(plan, service, port, view),
    ...(metadata !== undefined && { metadata: weirMetadata(metadata) }),
    ...(filters !== undefined && { typedPerFilterConfig: filters }),
  };
}

function actionOf(
  { rule, policy }: RoutePlan,
  service: ModelService,
  port: number,
  view: ClientView,
): ForwardingRoute | (Pick<Route, 'redirect' | 'directResponse'> & HeaderChanges) {
  const spec = policy?.spec ?? {};
  if (rule === undefined) return forwardToTarget(view.targetOf(service, port), spec);
  const { redirect, directResponse, headers } = rule.spec;
  const { changes } = translateHeaders(headers);
  if (redirect !== undefined) return { redirect: translateRedirect(redirect, port), ...changes };
  if (directResponse !== undefined)
    return { directResponse: translateDirectResponse(directResponse), ...changes };
  return forwardByRule(rule, spec, port, view);
}

function translateDirectResponse({
  status,
  body,
}: NonNullable<HttpRouteObject['directResponse']>): DirectResponseAction {
  if (body?.bytes !== undefined) return { status, body: { inlineBytes: Buffer.from(body.bytes, 'base64') } };
  return body?.string === undefined ? { status } : { status, body: { inlineString: body.string } };
}

function filtersOf({ rule, policy, name }: RoutePlan, service: ModelService): Route['typedPerFilterConfig'] {
  const fault = rule?.spec.fault && translateFault(rule.spec.fault);
  const limit = policy?.limitsMethod === true ? policy.spec.rateLimit : undefined;
  if (fault === undefined && limit === undefined) return undefined;
  return {
    ...(fault !== undefined && { [FAULT_FILTER]: fault }),
    ...(limit !== undefined && {
      [LOCAL_RATE_LIMIT_FILTER]: translateRateLimit(limit, `${service.host} ${name}`),
    }),
  };
}

/** Where the route comes from, and what Envoy has no field for. */
function metadataOf({ source, policy }: RoutePlan): JsonObject | undefined {
  if (source === undefined && policy === undefined) return undefined;
  const from = source ?? policy?.sources[0];
  return {
    ...(from !== undefined && { source: jsonOfSource(from) }),
    ...(policy !== undefined && {
      policies: policy.sources.map(jsonOfSource),
      ...policyMetadata(policy.spec),
    }),
  };
}

function policyMetadata({ hedging, retry, idempotent }: PolicySpec): JsonObject {
  const mayRepeat = idempotent !== false;
  return {
    ...(hedging !== undefined &&
      mayRepeat && {
        hedging: {
          delayMs: parseDurationMs(hedging.delay) ?? 0,
          maxAttempts: hedging.attempts,
          ...(retry !== undefined && { nonFatalGrpcCodes: codesOf(retry) }),
        },
      }),
    ...(retry !== undefined && mayRepeat && { retryGrpcCodes: codesOf(retry) }),
    ...(idempotent !== undefined && { idempotent }),
  };
}
