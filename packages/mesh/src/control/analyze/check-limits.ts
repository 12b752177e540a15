import type { Problem } from '../../kube/problem.js';
import { parseDurationMs } from '../../kube/resources/duration.js';
import type { TrafficPolicyObject } from '../../kube/resources/traffic-policy.js';
import type { Model } from '../registry/model.js';
import type { ModelDestinationRule, ModelRule } from '../registry/policies.js';
import { formatSource, problemAt } from '../registry/source.js';

/** Time limits and retries that cannot do what they were written for (WEIR0109, 0111, 0112, 0113). */
export function checkLimits(model: Model): Problem[] {
  const rules = new Map<unknown, ModelRule>();
  for (const service of model.policies.virtualServices)
    for (const rule of service.rules) rules.set(rule.origin.object.spec.http[rule.index], rule);
  return [
    ...[...rules.values()].flatMap(checkRetries),
    ...model.policies.destinationRules.flatMap(checkFailover),
    ...findTwiceRetried(model),
  ];
}

function checkRetries({ origin, index }: ModelRule): Problem[] {
  const { retries, timeout } = origin.object.spec.http[index] ?? {};
  if (retries === undefined) return [];
  const base = ['spec', 'http', index, 'retries'];
  const problems: Problem[] = [];
  const timeoutMs = parseDurationMs(timeout ?? '0s') ?? 0;
  if (retries.perTryTimeout !== undefined && timeoutMs > 0) {
    if ((parseDurationMs(retries.perTryTimeout) ?? 0) >= timeoutMs) {
      const message = `the whole call may take ${timeout}, so an attempt never comes to ${retries.perTryTimeout} and there is no time for another; make it shorter than the timeout`;
      problems.push(problemAt(origin, [...base, 'perTryTimeout'], 'warning', 'WEIR0109', message));
    }
  }
  if (retries.attempts === undefined) {
    const message = 'without "attempts" retries are switched off, all of them; add the number of attempts';
    problems.push(problemAt(origin, base, 'warning', 'WEIR0111', message));
  }
  return problems;
}

function checkFailover({ loaded }: ModelDestinationRule): Problem[] {
  const { trafficPolicy, subsets } = loaded.object.spec;
  const policies: readonly (readonly [TrafficPolicyObject | undefined, readonly (string | number)[]])[] = [
    [trafficPolicy, ['spec', 'trafficPolicy']],
    ...subsets.map(
      (subset, index) => [subset.trafficPolicy, ['spec', 'subsets', index, 'trafficPolicy']] as const,
    ),
  ];
  return policies.flatMap(([policy, path]) => {
    const setting = policy?.loadBalancer?.localityLbSetting;
    const kind = (setting?.failoverPriority ?? []).length > 0 ? 'failoverPriority' : 'failover';
    if (setting === undefined || (setting[kind] ?? []).length === 0 || setting.enabled === false) return [];
    if ((policy?.outlierDetection ?? trafficPolicy?.outlierDetection) !== undefined) return [];
    const field = [...path, 'loadBalancer', 'localityLbSetting', kind];
    const message =
      'has no effect without outlierDetection, which tells when to fail over; add it to the policy';
    return [problemAt(loaded, field, 'warning', 'WEIR0112', message)];
  });
}

function findTwiceRetried({ policies }: Model): Problem[] {
  return policies.virtualServices.flatMap(({ hosts, rules }) => {
    const retrying = rules.find(({ spec }) => spec.retries !== undefined);
    if (retrying === undefined) return [];
    return hosts.flatMap((host) => {
      const ofHost = policies.grpcPolicies.get(host);
      const all = [ofHost?.whole, ...(ofHost?.methods.values() ?? [])];
      return all.flatMap((policy) => {
        if (policy?.spec.retry === undefined) return [];
        const message = `replaces the retries of ${formatSource(retrying.source)} for the same calls; keep one`;
        return [problemAt(policy.loaded, ['spec', 'retry'], 'warning', 'WEIR0113', message)];
      });
    });
  });
}
