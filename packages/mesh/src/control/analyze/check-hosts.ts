import type { Problem } from '../../kube/problem.js';
import { nearest } from '../../kube/manifest/near-miss.js';
import { mayMeet } from '../registry/export-to.js';
import type { Model } from '../registry/model.js';
import type { ModelVirtualService } from '../registry/policies.js';
import { compareClaims } from '../registry/select-virtual-service.js';
import { formatSource, problemAt, sourceOf } from '../registry/source.js';

/** Rules for hosts that nobody has (WEIR0102), and hosts that two VirtualServices speak for (WEIR0110). */
export function checkHosts(model: Model): Problem[] {
  const problems: Problem[] = [];
  const { virtualServices, destinationRules } = model.policies;
  for (const { loaded, inMesh, namespace } of virtualServices) {
    if (!inMesh) continue;
    for (const [index, written] of loaded.object.spec.hosts.entries()) {
      const host = model.hosts.resolve(written, namespace);
      if (model.hosts.matching(host).length > 0) continue;
      const message = `no Service or ServiceEntry has the host ${host}, so the rules apply to nothing there${suggestHost(host, model)}`;
      problems.push(problemAt(loaded, ['spec', 'hosts', index], 'warning', 'WEIR0102', message));
    }
  }
  for (const { loaded, host } of destinationRules) {
    if (model.hosts.matching(host).length > 0) continue;
    const message = `no Service or ServiceEntry has the host ${host}, so the rule applies to nothing${suggestHost(host, model)}`;
    problems.push(problemAt(loaded, ['spec', 'host'], 'warning', 'WEIR0102', message));
  }
  return [...problems, ...findRivals(virtualServices)];
}

/** `; did you mean …?`, or what to do when no host is near. */
export function suggestHost(host: string, model: Model): string {
  const meant = nearest(host, model.hosts.hosts);
  return meant === undefined
    ? '; add one, or mend the name (a short name is looked up in the namespace of the rule)'
    : `; did you mean ${JSON.stringify(meant)}?`;
}

function findRivals(services: readonly ModelVirtualService[]): Problem[] {
  const problems: Problem[] = [];
  const firstFor = new Map<string, ModelVirtualService[]>();
  for (const service of services.filter(({ inMesh }) => inMesh).sort(compareClaims)) {
    for (const host of service.hosts) {
      const earlier = firstFor.get(host) ?? [];
      const rival = earlier.find((other) => mayMeet(other.exportTo, service.exportTo));
      if (rival !== undefined) {
        const index = Math.max(0, service.hosts.indexOf(host));
        const message = `${formatSource(sourceOf(rival.loaded))} is for host ${host}, too, and is the one that sidecars follow; put the rules of both into one VirtualService`;
        problems.push(problemAt(service.loaded, ['spec', 'hosts', index], 'error', 'WEIR0110', message));
      }
      firstFor.set(host, [...earlier, service]);
    }
  }
  return problems;
}
