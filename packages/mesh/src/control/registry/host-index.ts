import { reaches } from './export-to.js';
import { hostMatches } from './host-map.js';
import type { ModelService } from './model.js';

/** Finds services by the hosts that rules name. */
export class HostIndex {
  readonly #clusterDomain: string;
  readonly #byHost = new Map<string, ModelService[]>();
  readonly #byAlias = new Map<string, string>();

  constructor(services: readonly ModelService[], clusterDomain: string) {
    this.#clusterDomain = clusterDomain;
    for (const service of services) {
      const known = this.#byHost.get(service.host);
      if (known === undefined) this.#byHost.set(service.host, [service]);
      else known.push(service);
      for (const alias of service.aliases) this.#byAlias.set(alias, service.host);
    }
  }

  /**
   * The full name of a host as a rule in `namespace` writes it. Istio `Destination.host`: "Istio will interpret
   * the short name based on the namespace of the rule, not the service". Names such as `reviews.default`, which
   * Istio takes for complete, are understood where there is such a Service.
   */
  resolve(host: string, namespace: string): string {
    const name = host.toLowerCase();
    if (name.startsWith('*') || this.#byHost.has(name)) return name;
    if (!name.includes('.')) return `${name}.${namespace}.svc.${this.#clusterDomain}`;
    return this.#byAlias.get(name) ?? name;
  }

  /** The service a client in `namespace` reaches under a full name: its own namespace's before others'. */
  find(host: string, namespace: string): ModelService | undefined {
    const visible = (this.#byHost.get(host) ?? []).filter((each) => reaches(each.exportTo, namespace));
    return visible.find((each) => each.namespace === namespace) ?? visible[0];
  }

  /** All services, seen by whomever, of which the host is the name or one that the wildcard stands for. */
  matching(pattern: string): readonly ModelService[] {
    if (!pattern.startsWith('*')) return this.#byHost.get(pattern) ?? [];
    return [...this.#byHost].flatMap(([host, services]) => (hostMatches(pattern, host) ? services : []));
  }

  /** All full names, for suggestions. */
  get hosts(): Iterable<string> {
    return this.#byHost.keys();
  }
}
