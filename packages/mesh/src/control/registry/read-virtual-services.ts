import type { Problem } from '../../kube/problem.js';
import type { HttpRouteObject } from '../../kube/resources/http-route.js';
import type { VirtualServiceObject } from '../../kube/resources/virtual-service.js';
import { joinNames, mergeMatches } from './delegate-match.js';
import { readExportTo, reaches } from './export-to.js';
import type { HostIndex } from './host-index.js';
import type { ModelMatch, ModelRule, ModelVirtualService } from './policies.js';
import { problemAt, sourceOf, type Loaded } from './source.js';

export interface ReadVirtualServices {
  readonly virtualServices: readonly ModelVirtualService[];
  readonly problems: readonly Problem[];
}

/** Reads VirtualServices: resolves their hosts and puts the rules of delegates where they are delegated to. */
export function readVirtualServices(
  objects: readonly Loaded<VirtualServiceObject>[],
  hosts: HostIndex,
): ReadVirtualServices {
  const problems: Problem[] = [];
  const byName = new Map(objects.map((each) => [nameOf(each), each]));
  const virtualServices = objects
    .filter(({ object }) => object.spec.hosts.length > 0)
    .map((loaded): ModelVirtualService => {
      const { metadata, spec } = loaded.object;
      const { namespace } = metadata;
      const gateways = spec.gateways ?? [];
      return {
        loaded,
        namespace,
        hosts: [...new Set(spec.hosts.map((host) => hosts.resolve(host, namespace)))],
        exportTo: readExportTo(spec.exportTo, namespace),
        // Istio `gateways`: "If a list of gateway names is provided, the rules will apply only to the gateways.
        // To apply the rules to both gateways and sidecars, specify mesh as one of the gateway names."
        inMesh: gateways.length === 0 || gateways.includes('mesh'),
        rules: readRules(loaded).flatMap((rule) => delegateRule(rule, byName, problems)),
      };
    });
  return { virtualServices, problems };
}

function nameOf({ object: { metadata } }: Loaded<VirtualServiceObject>): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function readRules(loaded: Loaded<VirtualServiceObject>): ModelRule[] {
  return loaded.object.spec.http.map((spec, index) => ({
    spec,
    name: spec.name ?? '',
    matches: (spec.match ?? []).map((match, at): ModelMatch => ({
      spec: match,
      source: sourceOf(loaded, ['spec', 'http', index, 'match', at]),
    })),
    source: sourceOf(loaded, ['spec', 'http', index]),
    origin: loaded,
    index,
  }));
}

/** The rule itself, or those of the delegate it names. */
function delegateRule(
  rule: ModelRule,
  byName: ReadonlyMap<string, Loaded<VirtualServiceObject>>,
  problems: Problem[],
): readonly ModelRule[] {
  const { delegate } = rule.spec;
  if (delegate === undefined) return [rule];
  const report = (message: string): readonly ModelRule[] => {
    const path = ['spec', 'http', rule.index, 'delegate'];
    problems.push(problemAt(rule.origin, path, 'error', 'WEIR0107', message));
    return [];
  };
  const { namespace } = rule.origin.object.metadata;
  const name = `${delegate.namespace ?? namespace}/${delegate.name}`;
  const found = byName.get(name);
  if (found === undefined) return report(`there is no VirtualService ${name} to delegate to`);
  const { spec, metadata } = found.object;
  if (spec.hosts.length > 0) {
    return report(`VirtualService ${name} has hosts, so it cannot be delegated to; take them out of it`);
  }
  if (!reaches(readExportTo(spec.exportTo, metadata.namespace), namespace))
    return report(`VirtualService ${name} is not exported to namespace ${namespace}`);
  const merged: ModelRule[] = [];
  for (const leaf of readRules(found)) {
    const matches = mergeMatches(rule.matches, leaf.matches);
    if (matches === undefined) {
      const path = ['spec', 'http', leaf.index, 'match'];
      const message = `the conditions are not within those of ${rule.source.file}:${rule.source.line}, which delegates here; the rule does not take effect there`;
      problems.push(problemAt(found, path, 'error', 'WEIR0107', message));
      continue;
    }
    merged.push({
      ...leaf,
      matches,
      name: joinNames(rule.name, leaf.name),
      spec: withDefaults(leaf.spec, rule.spec),
    });
  }
  return merged;
}

/** What a delegate's rule may take from the rule that delegates (Istio `mergeHTTPRoute`). */
const HANDED_DOWN = [
  'rewrite',
  'timeout',
  'retries',
  'fault',
  'mirror',
  'mirrorPercent',
  'mirrorPercentage',
  'mirrors',
  'corsPolicy',
  'headers',
] as const;

function withDefaults(leaf: HttpRouteObject, root: HttpRouteObject): HttpRouteObject {
  const given: Partial<HttpRouteObject> = {};
  for (const key of HANDED_DOWN) if (root[key] !== undefined) Object.assign(given, { [key]: root[key] });
  return { ...given, ...leaf };
}
