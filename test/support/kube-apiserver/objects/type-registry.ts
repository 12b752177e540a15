import { at, isRecord, listAt, textAt, type ApiObject } from './api-object.js';
import { BUILT_IN_TYPES, groupResource, type ResourceType } from './resource-type.js';

/** The kinds the server has now: those it was built with, and those of its CustomResourceDefinitions. */
export class TypeRegistry {
  readonly #types = new Map(BUILT_IN_TYPES.map((type) => [groupResource(type), type]));

  get all(): readonly ResourceType[] {
    return [...this.#types.values()];
  }

  /** The kind served under a path. */
  find(group: string, version: string, plural: string): ResourceType | undefined {
    const type = this.#types.get(groupResource({ group, plural }));
    return type?.versions.includes(version) === true ? type : undefined;
  }

  findKind(apiVersion: string, kind: string): ResourceType | undefined {
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    const version = apiVersion.slice(slash + 1);
    return this.all.find(
      (type) => type.kind === kind && type.group === group && type.versions.includes(version),
    );
  }

  hasVersion(group: string, version: string): boolean {
    return this.all.some((type) => type.group === group && type.versions.includes(version));
  }

  /** Takes in a CustomResourceDefinition. */
  define(definition: ApiObject): ResourceType {
    const type = typeOfDefinition(definition);
    this.#types.set(groupResource(type), type);
    return type;
  }

  undefine(type: ResourceType): void {
    this.#types.delete(groupResource(type));
  }
}

/** The kind a CustomResourceDefinition defines. */
export function typeOfDefinition({ spec }: ApiObject): ResourceType {
  const versions = listAt(spec, 'versions').filter((each) => at(each, 'served') === true);
  const kind = textAt(spec, 'names', 'kind');
  const subresources = versions.map((each) => at(each, 'subresources')).filter(isRecord);
  return {
    group: textAt(spec, 'group'),
    versions: versions
      .toSorted((a, b) => rank(textAt(a, 'name')) - rank(textAt(b, 'name')))
      .map((each) => textAt(each, 'name')),
    kind,
    plural: textAt(spec, 'names', 'plural'),
    singular: textAt(spec, 'names', 'singular') || kind.toLowerCase(),
    shortNames: listAt(spec, 'names', 'shortNames').map(String),
    namespaced: textAt(spec, 'scope') === 'Namespaced',
    hasStatus: subresources.some((each) => isRecord(each['status'])),
    hasScale: false,
    isCustom: true,
  };
}

/** Kubernetes' order of versions: stable, then beta, then alpha. */
function rank(version: string): number {
  if (version.includes('alpha')) return 2;
  return version.includes('beta') ? 1 : 0;
}
