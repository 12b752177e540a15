import type { FieldPath, Problem } from '../../kube/problem.js';
import { nearest } from '../../kube/manifest/near-miss.js';
import type { DestinationObject } from '../../kube/resources/destination.js';
import { reaches } from '../registry/export-to.js';
import { lookupPath } from '../registry/effective-rule.js';
import type { Model, ModelService } from '../registry/model.js';
import type { ModelRule } from '../registry/policies.js';
import { carriesRequests } from '../registry/protocol.js';
import { problemAt } from '../registry/source.js';
import { suggestHost } from './check-hosts.js';

/** Destinations that lead nowhere: unknown host (WEIR0101), subset (WEIR0103), port (WEIR0106). */
export function checkDestinations(model: Model): Problem[] {
  // A delegate's rules stand in every VirtualService that delegates to it; once is enough.
  const seen = new Set<unknown>();
  const problems: Problem[] = [];
  for (const { rules, hosts } of model.policies.virtualServices) {
    const calledPorts = portsOf(model, hosts);
    for (const rule of rules) {
      const written = rule.origin.object.spec.http[rule.index];
      if (seen.has(written)) continue;
      seen.add(written);
      for (const [destination, path] of destinationsOf(rule))
        problems.push(...checkDestination(destination, path, rule, calledPorts, model));
    }
  }
  return problems;
}

function* destinationsOf({ origin, index }: ModelRule): Iterable<readonly [DestinationObject, FieldPath]> {
  const spec = origin.object.spec.http[index];
  const base = ['spec', 'http', index];
  for (const [at, { destination }] of (spec?.route ?? []).entries())
    yield [destination, [...base, 'route', at, 'destination']];
  for (const [at, { destination }] of (spec?.mirrors ?? []).entries())
    yield [destination, [...base, 'mirrors', at, 'destination']];
  if (spec?.mirror !== undefined) yield [spec.mirror, [...base, 'mirror']];
}

/** Ports on which the hosts of a rule can be called. */
function portsOf(model: Model, hosts: readonly string[]): readonly number[] {
  return hosts
    .flatMap((pattern) => model.hosts.matching(pattern))
    .flatMap(({ ports }) => ports)
    .filter(({ protocol }) => carriesRequests(protocol))
    .map(({ number }) => number);
}

function checkDestination(
  destination: DestinationObject,
  path: FieldPath,
  { origin }: ModelRule,
  calledPorts: readonly number[],
  model: Model,
): Problem[] {
  const { namespace } = origin.object.metadata;
  const host = model.hosts.resolve(destination.host, namespace);
  const service = model.hosts.find(host, namespace);
  if (service === undefined) {
    const message =
      model.hosts.matching(host).length > 0
        ? `the host ${host} is not exported to namespace ${namespace}; add the namespace to exportTo of its ServiceEntry`
        : `no Service or ServiceEntry has the host ${host}${suggestHost(host, model)}`;
    return [problemAt(origin, [...path, 'host'], 'error', 'WEIR0101', message)];
  }
  const problems: Problem[] = [];
  const portFault = findPortFault(service, destination.port?.number, calledPorts);
  if (portFault !== undefined) {
    const field = destination.port === undefined ? [...path, 'host'] : [...path, 'port', 'number'];
    problems.push(problemAt(origin, field, 'error', 'WEIR0106', portFault));
  }
  const { subset } = destination;
  const subsets = subsetsOf(service, namespace, model);
  if (subset !== undefined && !subsets.includes(subset)) {
    const meant = nearest(subset, subsets);
    const hint =
      meant === undefined ? '; add it to "subsets" of one' : `; did you mean ${JSON.stringify(meant)}?`;
    const message = `no DestinationRule for ${host} has a subset ${JSON.stringify(subset)}${hint}`;
    problems.push(problemAt(origin, [...path, 'subset'], 'error', 'WEIR0103', message));
  }
  return problems;
}

function findPortFault(
  service: ModelService,
  wanted: number | undefined,
  calledPorts: readonly number[],
): string | undefined {
  const numbers = service.ports.map(({ number }) => number);
  const list = numbers.join(', ') || 'none';
  if (wanted !== undefined) {
    const port = service.ports.find(({ number }) => number === wanted);
    if (port === undefined) return `${service.origin} has no port ${wanted}; it has ${list}`;
    return carriesRequests(port.protocol)
      ? undefined
      : `port ${wanted} of ${service.origin} is ${port.protocol} and passes through untouched; name one that speaks HTTP/2`;
  }
  if (numbers.length === 1) return undefined;
  const lost = calledPorts.find((number) => !numbers.includes(number));
  return lost === undefined
    ? undefined
    : `calls on port ${lost} have no port to go to: ${service.origin} has ${list}; say which under "port: {number: …}"`;
}

/** Names of all subsets that some client in the namespace of the rule may see. */
function subsetsOf(service: ModelService, namespace: string, model: Model): readonly string[] {
  return [...lookupPath(service, namespace)]
    .flatMap((each) => model.policies.destinationRulesByHost.get(each)?.groupsFor(service.host) ?? [])
    .flat()
    .filter((rule) => rule.namespace === namespace || reaches(rule.exportTo, namespace))
    .flatMap(({ loaded }) => loaded.object.spec.subsets.map(({ name }) => name));
}
