import type { GrpcPolicyObject } from '../../../kube/resources/grpc-policy.js';
import type { HttpMatchObject } from '../../../kube/resources/http-match.js';
import { matchesWhole } from '../../../kube/resources/regex.js';
import { hasLabels, type Client } from '../../registry/client.js';
import type { ModelGrpcPolicy, ModelRule, ServicePolicies } from '../../registry/policies.js';
import type { Source } from '../../registry/source.js';

export type PolicySpec = Partial<Omit<GrpcPolicyObject['spec'], 'targetRef'>>;

/** What holds of GRPCPolicies, and where it stands. */
export interface PlannedPolicy {
  readonly spec: PolicySpec;
  readonly sources: readonly Source[];
  /** Its rate limit is the method's own, not the service's. */
  readonly limitsMethod: boolean;
}

/** One route to be: a rule's match, or everything. */
export interface RoutePlan {
  readonly name: string;
  /** Undefined: every request. */
  readonly match: HttpMatchObject | undefined;
  /** Undefined: to the service that was called. */
  readonly rule: ModelRule | undefined;
  /** Of the match, or else of the rule. */
  readonly source: Source | undefined;
  readonly policy: PlannedPolicy | undefined;
}

/** The routes of a rule that a client can take, for calls to `port`. */
export function planRule(rule: ModelRule, client: Client, port: number): readonly RoutePlan[] {
  const base = { rule, policy: undefined };
  const ruleName = rule.name === '' ? `http[${rule.index}]` : rule.name;
  if (rule.matches.length === 0) return [{ ...base, name: ruleName, match: undefined, source: rule.source }];
  return rule.matches
    .filter(({ spec }) => appliesTo(spec, client, port))
    .map(({ spec, source }) => ({
      ...base,
      // Istio: "The match's name will be concatenated with the parent route's name".
      name: spec.name === undefined ? ruleName : `${ruleName}.${spec.name}`,
      match: spec,
      source,
    }));
}

/** Conditions that the client and the port settle, so that the proxy need not look. */
function appliesTo(match: HttpMatchObject, client: Client, port: number): boolean {
  const { gateways = [], sourceNamespace = '' } = match;
  return (
    (gateways.length === 0 || gateways.includes('mesh')) &&
    (sourceNamespace === '' || sourceNamespace === client.namespace) &&
    (match.port === undefined || match.port === port) &&
    hasLabels(client.labels, match.sourceLabels)
  );
}

/** Whether a match leaves nothing to look at in a request. */
export function takesAll(match: HttpMatchObject | undefined): boolean {
  return looksAtPathOnly(match) && (match?.uri === undefined || match.uri.prefix === '/');
}

/** Whether a match leaves nothing but the path to look at. */
function looksAtPathOnly(match: HttpMatchObject | undefined): boolean {
  if (match === undefined) return true;
  const { headers = {}, withoutHeaders = {}, queryParams = {}, method, scheme, authority } = match;
  const looks = [headers, withoutHeaders, queryParams].some((map) => Object.keys(map).length > 0);
  const values = [method, scheme, authority].some((value) => value !== undefined);
  return !looks && !values;
}

/**
 * Gives each method with a policy of its own a route of its own, before the route it would take otherwise.
 */
export function planPolicies(
  plans: readonly RoutePlan[],
  policies: ServicePolicies | undefined,
): readonly RoutePlan[] {
  if (policies === undefined) return plans;
  const whole = mergePolicies(policies.whole, undefined);
  const settled = new Set<string>();
  return plans.flatMap((plan): RoutePlan[] => {
    const split: RoutePlan[] = [];
    for (const [path, method] of policies.methods) {
      if (settled.has(path) || !covers(plan.match, path)) continue;
      if (looksAtPathOnly(plan.match)) settled.add(path);
      const policy = mergePolicies(policies.whole, method);
      if (plan.match?.uri?.exact === path) return [...split, { ...plan, policy }];
      split.push({
        ...plan,
        name: `${plan.name} ${path}`,
        match: { ...plan.match, uri: { exact: path } },
        policy,
      });
    }
    return [...split, { ...plan, policy: whole }];
  });
}

function mergePolicies(
  whole: ModelGrpcPolicy | undefined,
  method: ModelGrpcPolicy | undefined,
): PlannedPolicy | undefined {
  if (whole === undefined && method === undefined) return undefined;
  const { targetRef: _service, ...ofService } = whole?.spec ?? {};
  const { targetRef: _method, ...ofMethod } = method?.spec ?? {};
  return {
    spec: { ...ofService, ...ofMethod },
    sources: [method, whole].filter((policy) => policy !== undefined).map(({ source }) => source),
    limitsMethod: method?.spec.rateLimit !== undefined,
  };
}

/** Whether calls of a method can take the route. */
function covers(match: HttpMatchObject | undefined, path: string): boolean {
  const { exact, prefix, regex } = match?.uri ?? {};
  const ignoresCase = match?.ignoreUriCase === true;
  const fold = (text: string): string => (ignoresCase ? text.toLowerCase() : text);
  if (exact !== undefined) return fold(exact) === fold(path);
  if (prefix !== undefined) return fold(path).startsWith(fold(prefix));
  return regex === undefined || matchesWhole(regex, path);
}
