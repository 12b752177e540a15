import { clusterResource, endpointResource, type Resource } from '../../xds/resource.js';
import { formatClient } from '../registry/audience.js';
import type { EffectiveRule } from '../registry/effective-rule.js';
import { effectiveTrafficPolicy } from '../registry/effective-traffic-policy.js';
import type { ModelService } from '../registry/model.js';
import { carriesRequests } from '../registry/protocol.js';
import { isGrpc, type ClientProfile, formatProfile } from '../translate/client-profile.js';
import { parseClusterName } from '../translate/names.js';
import { Limits, type Limit } from '../translate/proxyless/limits.js';
import { narrowAssignment } from '../translate/proxyless/narrow-assignment.js';
import { narrowCluster } from '../translate/proxyless/narrow-cluster.js';
import type { BalancerName } from '../translate/sidecar/balancer.js';
import type { ClientView } from '../translate/sidecar/client-view.js';
import { translateCluster, translateMissingCluster } from '../translate/sidecar/cluster.js';
import { localityOrder } from '../translate/sidecar/locality-order.js';
import { translateSubset, type ClusterPart } from '../translate/sidecar/translate-sidecar.js';

export interface LimitedResource {
  readonly resource: Resource;
  readonly limits: readonly Limit[];
}

interface FoundPart extends ClusterPart {
  readonly service: ModelService;
  readonly rule: EffectiveRule | undefined;
}

/** Variants of one service's resource that are kept: one for each rule, place and kind of client. */
const MAX_VARIANTS = 256;

/**
 * Clusters and their endpoints, each encoded once for all clients to which it is the same. A service that is replaced
 * takes its own with it.
 */
export class ClusterStore {
  readonly #balancer: BalancerName;
  readonly #clusters = new WeakMap<ModelService, Map<string, LimitedResource>>();
  readonly #assignments = new WeakMap<ModelService, Map<string, Resource>>();
  readonly #ruleKeys = new WeakMap<EffectiveRule, string>();

  constructor(balancer: BalancerName) {
    this.#balancer = balancer;
  }

  /** The Cluster of a name; undefined where nothing has it. */
  cluster(name: string, view: ClientView, profile: ClientProfile): LimitedResource | undefined {
    const part = findPart(name, view);
    if (part === undefined) return undefined;
    const { service, port, subset, rule } = part;
    const key = `${name} ${formatProfile(profile)} ${this.#ruleKey(rule)}`;
    return remember(this.#clusters, service, key, () => {
      const cluster = translateCluster(
        name,
        effectiveTrafficPolicy(rule, subset, port.number),
        this.#balancer,
      );
      return this.#fit(cluster, profile);
    });
  }

  /** The ClusterLoadAssignment of a cluster. */
  assignment(name: string, view: ClientView, profile: ClientProfile): Resource | undefined {
    const part = findPart(name, view);
    if (part === undefined) return undefined;
    const { service, port, subset, rule } = part;
    const order = localityOrder(effectiveTrafficPolicy(rule, subset, port.number)?.policy, view.client);
    const place = order === undefined ? '' : `${formatClient(view.client)} ${this.#ruleKey(rule)}`;
    const chosen = subset === undefined ? '' : JSON.stringify(subset.labels);
    const key = `${name} ${isGrpc(profile.kind) ? 'grpc' : ''} ${chosen} ${place}`;
    return remember(this.#assignments, service, key, () => {
      const assignment = translateSubset(name, port, subset, order);
      return endpointResource(isGrpc(profile.kind) ? narrowAssignment(assignment) : assignment);
    });
  }

  /** The Cluster of a name that rules give and nothing stands behind. */
  missing(name: string, view: ClientView, profile: ClientProfile): LimitedResource | undefined {
    for (const each of view.missing)
      if (each.name === name) return this.#fit(translateMissingCluster(each, this.#balancer), profile);
    return undefined;
  }

  #fit(cluster: ReturnType<typeof translateCluster>, profile: ClientProfile): LimitedResource {
    if (!isGrpc(profile.kind)) return { resource: clusterResource(cluster), limits: [] };
    const limits = new Limits();
    const resource = clusterResource(narrowCluster(cluster, profile, limits));
    return { resource, limits: limits.found };
  }

  #ruleKey(rule: EffectiveRule | undefined): string {
    if (rule === undefined) return '';
    const known = this.#ruleKeys.get(rule);
    if (known !== undefined) return known;
    const key = JSON.stringify(rule);
    this.#ruleKeys.set(rule, key);
    return key;
  }
}

function findPart(name: string, view: ClientView): FoundPart | undefined {
  const parts = parseClusterName(name);
  const service = parts && view.serviceOf(parts.host);
  const port = service?.ports.find(({ number }) => number === parts?.port);
  if (parts === undefined || service === undefined || port === undefined) return undefined;
  if (!carriesRequests(port.protocol)) return undefined;
  const rule = view.ruleOf(service);
  if (parts.subset === '') return { service, rule, port, subset: undefined };
  const subset = rule?.subsets.find((each) => each.name === parts.subset);
  return subset && { service, rule, port, subset };
}

function remember<Content>(
  store: WeakMap<ModelService, Map<string, Content>>,
  service: ModelService,
  key: string,
  make: () => Content,
): Content {
  const ofService = store.get(service) ?? new Map<string, Content>();
  store.set(service, ofService);
  const known = ofService.get(key);
  if (known !== undefined) return known;
  // Rules that were edited would pile up otherwise, for as long as the service stays the same.
  if (ofService.size >= MAX_VARIANTS) ofService.clear();
  const made = make();
  ofService.set(key, made);
  return made;
}
