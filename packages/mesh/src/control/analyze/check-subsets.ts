import type { Problem } from '../../kube/problem.js';
import { hasLabels } from '../registry/client.js';
import type { Model } from '../registry/model.js';
import { problemAt } from '../registry/source.js';

/** Subsets that select no endpoint of any of their hosts' ports (WEIR0104). */
export function checkSubsets(model: Model): Problem[] {
  const problems: Problem[] = [];
  for (const { loaded, host } of model.policies.destinationRules) {
    const services = model.hosts.matching(host);
    if (services.length === 0) continue;
    const endpoints = services.flatMap(({ ports }) => ports).flatMap((port) => port.endpoints);
    const isLabelled = endpoints.some(({ labels }) => Object.keys(labels).length > 0);
    for (const [index, { name, labels = {} }] of loaded.object.spec.subsets.entries()) {
      if (endpoints.some((endpoint) => hasLabels(endpoint.labels, labels))) continue;
      const wanted = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      const message =
        endpoints.length > 0 && !isLabelled
          ? `subset ${JSON.stringify(name)} selects no pod, since the labels of none are known; add the Pods, and their names as targetRef to the EndpointSlices`
          : `subset ${JSON.stringify(name)} selects no pod of ${host}: none has ${wanted.join(', ') || 'an address'}`;
      problems.push(problemAt(loaded, ['spec', 'subsets', index], 'warning', 'WEIR0104', message));
    }
  }
  return problems;
}
