import type { DestinationObject } from '../../../kube/resources/destination.js';
import type { RouteAction_HashPolicy } from '../../../xds/generated/envoy.config.route.v3.js';
import type { Client } from '../../registry/client.js';
import { findEffectiveRule, type EffectiveRule } from '../../registry/effective-rule.js';
import { effectiveTrafficPolicy } from '../../registry/effective-traffic-policy.js';
import { isVisible, type Model, type ModelService } from '../../registry/model.js';
import { carriesRequests } from '../../registry/protocol.js';
import type { Source } from '../../registry/source.js';
import { clusterName } from '../names.js';
import { translateHashKey } from './hash-policy.js';

/** Where a route sends calls. */
export interface Target {
  readonly cluster: string;
  /** What binds a call to an endpoint there. */
  readonly hash: RouteAction_HashPolicy | undefined;
}

/** A cluster that a route names and nothing stands behind. */
export interface MissingCluster {
  readonly name: string;
  /** `no Service or ServiceEntry has the host …`. */
  readonly reason: string;
  readonly source: Source;
}

/** The model as one client sees it. */
export class ClientView {
  readonly model: Model;
  readonly client: Client;
  /** By namespace and host of the service: of those with one host a client sees one, but rules may look at another. */
  readonly #rules: Map<string, EffectiveRule | undefined>;
  readonly #missing: Map<string, MissingCluster>;
  #services: readonly ModelService[] | undefined;

  /** @param previous the same client's view of a model before, of which is kept what does not depend on endpoints */
  constructor(model: Model, client: Client, previous?: ClientView) {
    this.model = model;
    this.client = client;
    const isAlike = previous?.model.shape === model.shape;
    this.#rules = isAlike ? previous.#rules : new Map();
    this.#missing = isAlike ? previous.#missing : new Map();
  }

  /** Each host once: of several objects with one host, that of the client's own namespace, then the first. */
  get services(): readonly ModelService[] {
    this.#services ??= this.#listServices();
    return this.#services;
  }

  /** The service a client reaches under a full name. */
  serviceOf(host: string): ModelService | undefined {
    return this.model.hosts.find(host, this.client.namespace);
  }

  ruleOf(service: ModelService): EffectiveRule | undefined {
    const key = `${service.namespace}/${service.host}`;
    if (!this.#rules.has(key))
      this.#rules.set(key, findEffectiveRule(this.model.policies, service, this.client));
    return this.#rules.get(key);
  }

  #listServices(): readonly ModelService[] {
    const { namespace } = this.client;
    const byHost = new Map<string, ModelService>();
    for (const service of this.model.services) {
      if (!isVisible(service, namespace)) continue;
      const known = byHost.get(service.host);
      const isCloser = known?.namespace !== namespace && service.namespace === namespace;
      if (known === undefined || isCloser) byHost.set(service.host, service);
    }
    return [...byHost.values()];
  }

  /** The cluster of a service itself, on one of its ports. */
  targetOf(service: ModelService, port: number, subset = ''): Target {
    const rule = this.ruleOf(service);
    const ofSubset = rule?.subsets.find(({ name }) => name === subset);
    const balancer = effectiveTrafficPolicy(rule, ofSubset, port)?.policy.loadBalancer;
    return {
      cluster: clusterName(service.host, port, subset),
      hash: balancer?.consistentHash && translateHashKey(balancer.consistentHash),
    };
  }

  /**
   * The cluster a rule names. One that does not exist is noted as missing: it gets no endpoints, so that only the
   * calls meant for it fail.
   *
   * @param namespace of the rule: its short names are looked up there
   * @param listenerPort the port that was called, which is meant where the destination names none and has several
   */
  resolve(destination: DestinationObject, namespace: string, listenerPort: number, source: Source): Target {
    const { host, subset = '' } = destination;
    const fullHost = this.model.hosts.resolve(host, namespace);
    const service = this.model.hosts.find(fullHost, this.client.namespace);
    const ports = service?.ports ?? [];
    const port =
      destination.port?.number ?? (ports.length === 1 ? ports[0]?.number : undefined) ?? listenerPort;
    const reason = this.#findFault(service, fullHost, port, subset);
    if (service !== undefined && reason === undefined) return this.targetOf(service, port, subset);
    const name = clusterName(fullHost, port, subset);
    this.#missing.set(name, { name, reason: reason ?? '', source });
    return { cluster: name, hash: undefined };
  }

  /** Every missing cluster that `resolve` has come upon. */
  get missing(): Iterable<MissingCluster> {
    return this.#missing.values();
  }

  #findFault(
    service: ModelService | undefined,
    host: string,
    port: number,
    subset: string,
  ): string | undefined {
    if (service === undefined) return `no Service or ServiceEntry has the host ${host}`;
    const found = service.ports.find(({ number }) => number === port);
    if (found === undefined) return `${service.origin} has no port ${port}`;
    if (!carriesRequests(found.protocol)) return `port ${port} of ${service.origin} carries no requests`;
    if (subset === '' || this.ruleOf(service)?.subsets.some(({ name }) => name === subset)) return undefined;
    return `no DestinationRule for ${host} has a subset ${JSON.stringify(subset)}`;
  }
}
