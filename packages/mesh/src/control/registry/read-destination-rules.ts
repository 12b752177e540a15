import type { Problem } from '../../kube/problem.js';
import type { DestinationRuleObject } from '../../kube/resources/destination-rule.js';
import { mayMeet, readExportTo } from './export-to.js';
import type { HostIndex } from './host-index.js';
import { compareAge, type ModelDestinationRule } from './policies.js';
import { problemAt, sourceOf, type Loaded } from './source.js';

export function readDestinationRules(
  objects: readonly Loaded<DestinationRuleObject>[],
  hosts: HostIndex,
): readonly ModelDestinationRule[] {
  return [...objects].sort(compareAge).map((loaded) => {
    const { metadata, spec } = loaded.object;
    return {
      loaded,
      namespace: metadata.namespace,
      host: hosts.resolve(spec.host, metadata.namespace),
      exportTo: readExportTo(spec.exportTo, metadata.namespace),
    };
  });
}

/** What is lost where rules of one namespace for one host are merged: the first traffic policy counts, and the first of each subset. */
export function findRuleConflicts(rules: readonly ModelDestinationRule[]): Problem[] {
  const problems: Problem[] = [];
  const earlier = new Map<string, ModelDestinationRule[]>();
  for (const rule of rules) {
    const key = `${rule.namespace} ${rule.host} ${JSON.stringify(rule.loaded.object.spec.workloadSelector ?? null)}`;
    const others = (earlier.get(key) ?? []).filter((other) => mayMeet(other.exportTo, rule.exportTo));
    for (const other of others) problems.push(...findLosses(rule, other));
    earlier.set(key, [...(earlier.get(key) ?? []), rule]);
  }
  return problems;
}

function findLosses(rule: ModelDestinationRule, first: ModelDestinationRule): Problem[] {
  const problems: Problem[] = [];
  const { spec } = rule.loaded.object;
  const ofFirst = first.loaded.object.spec;
  const lose = (path: (string | number)[], firstPath: (string | number)[], what: string): void => {
    const { file, line, object } = sourceOf(first.loaded, firstPath);
    const message = `${what} for ${rule.host} is already in ${object} (${file}:${line}), which counts; keep one`;
    problems.push(problemAt(rule.loaded, path, 'warning', 'WEIR0110', message));
  };
  if (spec.trafficPolicy !== undefined && ofFirst.trafficPolicy !== undefined)
    lose(['spec', 'trafficPolicy'], ['spec', 'trafficPolicy'], 'a traffic policy');
  for (const [index, { name }] of spec.subsets.entries()) {
    const at = ofFirst.subsets.findIndex((subset) => subset.name === name);
    if (at >= 0)
      lose(['spec', 'subsets', index], ['spec', 'subsets', at], `a subset ${JSON.stringify(name)}`);
  }
  return problems;
}
