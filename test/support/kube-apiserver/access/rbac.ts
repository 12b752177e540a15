import { at, listAt, textAt, type ApiObject } from '../objects/api-object.js';
import type { Storage } from '../objects/storage.js';
import type { TypeRegistry } from '../objects/type-registry.js';
import type { User } from './user.js';

export interface Attributes {
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `pods/status`. */
  readonly resource: string;
  /** `''`: in all, or in none. */
  readonly namespace: string;
  /** `''`: of any name. */
  readonly name: string;
}

const GROUP = 'rbac.authorization.k8s.io';

/** Decides by the Roles and bindings in the server's own objects. */
export class Rbac {
  readonly #storage: Storage;
  readonly #types: TypeRegistry;

  constructor(storage: Storage, types: TypeRegistry) {
    this.#storage = storage;
    this.#types = types;
  }

  allows(user: User, attributes: Attributes): boolean {
    if (user.groups.includes('system:masters')) return true;
    const rules = [...this.#rulesOf(user, attributes.namespace)];
    return rules.some((rule) => ruleAllows(rule, attributes));
  }

  *#rulesOf(user: User, namespace: string): Iterable<unknown> {
    for (const binding of this.#list('clusterrolebindings')) {
      if (binds(binding, user)) yield* this.#rulesOfRole(binding, '');
    }
    if (namespace === '') return;
    for (const binding of this.#list('rolebindings')) {
      if (binding.metadata.namespace === namespace && binds(binding, user))
        yield* this.#rulesOfRole(binding, namespace);
    }
  }

  #rulesOfRole(binding: ApiObject, namespace: string): readonly unknown[] {
    const name = textAt(binding, 'roleRef', 'name');
    const isCluster = textAt(binding, 'roleRef', 'kind') === 'ClusterRole';
    const roles = this.#list(isCluster ? 'clusterroles' : 'roles');
    const role = roles.find(
      ({ metadata }) => metadata.name === name && (isCluster || metadata.namespace === namespace),
    );
    return listAt(role, 'rules');
  }

  #list(plural: string): readonly ApiObject[] {
    const type = this.#types.find(GROUP, 'v1', plural);
    return type === undefined ? [] : this.#storage.list(type);
  }
}

function binds(binding: ApiObject, { username, groups }: User): boolean {
  return listAt(binding, 'subjects').some((subject) => {
    const name = textAt(subject, 'name');
    switch (textAt(subject, 'kind')) {
      case 'ServiceAccount': {
        const namespace = textAt(subject, 'namespace') || binding.metadata.namespace;
        return username === `system:serviceaccount:${namespace}:${name}`;
      }
      case 'Group':
        return groups.includes(name);
      default:
        return username === name;
    }
  });
}

function ruleAllows(rule: unknown, { verb, group, resource, name }: Attributes): boolean {
  const has = (field: string, ...values: readonly string[]): boolean =>
    listAt(rule, field).some((each) => each === '*' || values.includes(String(each)));
  const subresource = resource.includes('/') ? `*/${resource.slice(resource.indexOf('/') + 1)}` : resource;
  const names = listAt(rule, 'resourceNames');
  return (
    has('verbs', verb) &&
    has('apiGroups', group) &&
    has('resources', resource, subresource) &&
    (names.length === 0 || (name !== '' && names.includes(name))) &&
    at(rule, 'resources') !== undefined
  );
}
