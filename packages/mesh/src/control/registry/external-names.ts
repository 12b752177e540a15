import type { ServiceObject } from '../../kube/resources/service.js';
import type { ModelService } from './model.js';
import { warningAt, type ReadResult } from './read-service.js';
import type { Loaded } from './source.js';

/**
 * Services of type ExternalName that stand for another Service of the cluster: calls to the one name are balanced
 * over the endpoints of the other. Names outside of the cluster are not known here, and calls to them pass through.
 */
export class ExternalNames {
  readonly #clusterDomain: string;
  /** While neither changes, the result is the same object. */
  readonly #made = new WeakMap<ModelService, WeakMap<ServiceObject, ModelService>>();

  constructor(clusterDomain: string) {
    this.#clusterDomain = clusterDomain;
  }

  read(objects: readonly Loaded<ServiceObject>[], services: readonly ModelService[]): ReadResult {
    const external = objects.filter(({ object }) => object.spec.type === 'ExternalName');
    if (external.length === 0) return { services: [], problems: [] };
    const hosts = new Map(services.map((service) => [service.host, service]));
    const read: ReadResult[] = external.map((service) => {
      const name = (service.object.spec.externalName ?? '').toLowerCase().replace(/\.$/, '');
      const target = hosts.get(name) ?? hosts.get(`${name}.${this.#clusterDomain}`);
      if (target !== undefined) return { services: [this.#aliasOf(service, target)], problems: [] };
      if (!name.endsWith(`.svc.${this.#clusterDomain}`)) return { services: [], problems: [] };
      const message = `${service.key} stands for ${name}, which is no Service; calls to it fail`;
      return { services: [], problems: [warningAt(service, 'WEIR0005', message)] };
    });
    return {
      services: read.flatMap((each) => each.services),
      problems: read.flatMap((each) => each.problems),
    };
  }

  #aliasOf({ object, key }: Loaded<ServiceObject>, target: ModelService): ModelService {
    const made = this.#made.get(target) ?? new WeakMap<ServiceObject, ModelService>();
    this.#made.set(target, made);
    const known = made.get(object);
    if (known !== undefined) return known;
    const { name, namespace } = object.metadata;
    const alias: ModelService = {
      host: `${name}.${namespace}.svc.${this.#clusterDomain}`,
      aliases: [`${name}.${namespace}.svc`, `${name}.${namespace}`],
      shortName: name,
      namespace,
      addresses: [],
      ports: target.ports,
      exportTo: undefined,
      origin: key,
    };
    made.set(object, alias);
    return alias;
  }
}
