import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Admission } from '../admission/admission.js';
import { at, isRecord, keyOf, textAt, type ApiObject, type Json, type Meta } from './api-object.js';
import { ClusterIps } from './cluster-ips.js';
import { withDefaults } from './defaults.js';
import { apiVersionOf, groupResource, type ResourceType } from './resource-type.js';
import { alreadyExists, badRequest, conflict, invalid, notFound, StatusError } from './status-error.js';
import type { Storage } from './storage.js';
import { typeOfDefinition, type TypeRegistry } from './type-registry.js';

export interface WriteOptions {
  /** Everything is done but the writing. */
  readonly dryRun: boolean;
  /** Who asks, for webhooks. */
  readonly user: { readonly username: string; readonly groups: readonly string[] };
  /** Takes what webhooks want to be said to whoever asks. */
  readonly warn?: (text: string) => void;
}

export interface Target {
  readonly type: ResourceType;
  readonly version: string;
  /** `''` for what belongs to no namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** What the server does with objects beyond storing them: names, defaults, versions, admission, finalizers. */
export class ObjectOperations {
  readonly #storage: Storage;
  readonly #types: TypeRegistry;
  readonly #admission: Admission;
  readonly #ips: ClusterIps;

  constructor(storage: Storage, types: TypeRegistry, admission: Admission, ips = new ClusterIps()) {
    this.#storage = storage;
    this.#types = types;
    this.#admission = admission;
    this.#ips = ips;
  }

  get(target: Target): ApiObject {
    const object = this.#storage.get(target.type, keyOf(target));
    if (object === undefined) throw notFound(target.type, target.name);
    return inVersion(object, target);
  }

  async create(target: Target, body: ApiObject, options: WriteOptions): Promise<ApiObject> {
    const { type, namespace } = target;
    this.#checkBody(target, body);
    if (type.namespaced) this.#requireNamespace(namespace);
    const { resourceVersion, ...given } = body.metadata;
    if ((resourceVersion ?? '') !== '')
      throw badRequest('resourceVersion should not be set on objects to be created');
    const name = given.name || (given.generateName === undefined ? '' : given.generateName + suffix());
    if (name === '')
      throw invalid(type, '', 'metadata.name: Required value: name or generateName is required');
    const metadata: Meta = {
      ...given,
      name,
      ...(type.namespaced && { namespace }),
      uid: randomUUID(),
      creationTimestamp: now(),
      generation: 1,
    };
    const { status: _status, ...rest } = body;
    const object = withDefaults({ ...(type.hasStatus ? rest : body), metadata }, this.#ips);
    const named = { ...target, name };
    const admitted = await this.#admission.admit('CREATE', named, object, undefined, options);
    if (this.#storage.get(type, keyOf(metadata)) !== undefined) throw alreadyExists(type, name);
    if (options.dryRun) return inVersion(admitted, target);
    const stored = this.#storage.put(type, {
      ...admitted,
      metadata: { ...admitted.metadata, uid: metadata.uid ?? '' },
    });
    if (type.kind === 'CustomResourceDefinition') this.#types.define(stored);
    return inVersion(stored, target);
  }

  /**
   * Replaces an object by what `change` makes of it.
   *
   * @param given the version the change is meant for; `''`: whichever there is
   */
  async update(
    target: Target,
    change: (current: ApiObject) => ApiObject,
    options: WriteOptions,
  ): Promise<ApiObject> {
    const { type, name } = target;
    const key = keyOf(target);
    const current = this.#storage.get(type, key);
    if (current === undefined) throw notFound(type, name);
    const wanted = change(inVersion(current, target));
    this.#checkBody(target, wanted);
    const given = wanted.metadata.resourceVersion ?? '';
    if (given !== '' && given !== current.metadata.resourceVersion) throw conflict(type, name);
    const next = this.#merge(target, current, wanted);
    const admitted = await this.#admission.admit('UPDATE', target, next, current, options);
    // Webhooks take their time; somebody else may have been faster.
    if (this.#storage.get(type, key) !== current) {
      if (given !== '') throw conflict(type, name);
      return this.update(target, change, options);
    }
    if (options.dryRun || isDeepStrictEqual(admitted, current)) return inVersion(admitted, target);
    const isGone =
      admitted.metadata.deletionTimestamp !== undefined && (admitted.metadata.finalizers ?? []).length === 0;
    if (isGone && type.kind !== 'Pod') return inVersion(this.#remove(type, admitted), target);
    const stored = this.#storage.put(type, admitted);
    if (type.kind === 'CustomResourceDefinition') this.#types.define(stored);
    return inVersion(stored, target);
  }

  /** Undefined when the object is gone; otherwise it waits for its grace period or its finalizers. */
  async delete(target: Target, asked: DeleteOptions, options: WriteOptions): Promise<ApiObject | undefined> {
    const { type, name } = target;
    const current = this.#storage.get(type, keyOf(target));
    if (current === undefined) throw notFound(type, name);
    const { uid, resourceVersion } = asked.preconditions ?? {};
    if (uid !== undefined && uid !== current.metadata.uid) throw conflict(type, name);
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion)
      throw conflict(type, name);
    await this.#admission.admit('DELETE', target, undefined, current, options);
    if (options.dryRun) return undefined;
    const graceSeconds = graceOf(current, asked);
    const waits = graceSeconds > 0 || (current.metadata.finalizers ?? []).length > 0;
    if (!waits) {
      this.#remove(type, current);
      return undefined;
    }
    if (current.metadata.deletionTimestamp !== undefined && type.kind !== 'Pod') return current;
    const metadata = {
      ...current.metadata,
      deletionTimestamp: current.metadata.deletionTimestamp ?? now(graceSeconds),
      deletionGracePeriodSeconds: graceSeconds,
    };
    return this.#storage.put(type, { ...current, metadata });
  }

  #merge(target: Target, current: ApiObject, wanted: ApiObject): ApiObject {
    const { type, subresource } = target;
    if (subresource === 'status')
      return { ...current, ...(wanted['status'] !== undefined && { status: wanted['status'] }) };
    const old = current.metadata;
    const kept = ['uid', 'creationTimestamp', 'generation', 'resourceVersion', 'deletionTimestamp'] as const;
    const metadata: Record<string, unknown> = { ...wanted.metadata };
    for (const field of kept) {
      if (old[field] === undefined) delete metadata[field];
      else metadata[field] = old[field];
    }
    const { status: _status, ...rest } = wanted;
    const body = type.hasStatus
      ? { ...rest, ...('status' in current && { status: current['status'] }) }
      : wanted;
    const next = withDefaults(
      { ...body, apiVersion: current.apiVersion, metadata: metadata as Meta },
      this.#ips,
      current,
    );
    if (isDeepStrictEqual(contentOf(next), contentOf(current))) return next;
    return { ...next, metadata: { ...next.metadata, generation: (old.generation ?? 1) + 1 } };
  }

  #checkBody({ type, version, name, namespace, subresource }: Target, body: unknown): void {
    if (!isRecord(body) || !isRecord(body['metadata'])) throw badRequest('the object has no metadata');
    const { apiVersion, kind } = body;
    if (apiVersion !== apiVersionOf(type, version) || kind !== type.kind)
      throw badRequest(
        `the API version in the data (${String(apiVersion)}) does not match the expected API version (${apiVersionOf(type, version)})`,
      );
    const metadata = body['metadata'];
    if (name !== '' && metadata['name'] !== name)
      throw badRequest(
        `the name of the object (${String(metadata['name'])}) does not match the name on the URL (${name})`,
      );
    if (type.namespaced && (metadata['namespace'] ?? namespace) !== namespace)
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    // Strategies without AllowUnconditionalUpdate.
    const isUpdate = name !== '' && subresource === '' && metadata['uid'] !== undefined;
    if (isUpdate && (type.isCustom || type.kind === 'Lease') && (metadata['resourceVersion'] ?? '') === '')
      throw invalid(
        type,
        name,
        'metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
      );
    if (type.kind === 'CustomResourceDefinition') {
      const defined = typeOfDefinition(body as unknown as ApiObject);
      if (metadata['name'] !== groupResource(defined))
        throw invalid(
          type,
          String(metadata['name']),
          `metadata.name: must be spec.names.plural+"."+spec.group`,
        );
    }
  }

  #requireNamespace(namespace: string): void {
    const type = this.#types.find('', 'v1', 'namespaces');
    if (type === undefined || this.#storage.get(type, `/${namespace}`) !== undefined) return;
    throw new StatusError(404, 'NotFound', `namespaces "${namespace}" not found`, {
      name: namespace,
      kind: 'namespaces',
    });
  }

  /** With what goes along: the contents of a namespace, the objects of a kind. */
  #remove(type: ResourceType, object: ApiObject): ApiObject {
    const { name } = object.metadata;
    if (type.kind === 'Namespace') {
      for (const each of this.#types.all.filter(({ namespaced }) => namespaced)) {
        for (const content of this.#storage.list(each))
          if (content.metadata.namespace === name) this.#storage.delete(each, keyOf(content.metadata));
      }
    }
    if (type.kind === 'Service') this.#ips.release(textAt(object, 'spec', 'clusterIP'));
    if (type.kind === 'CustomResourceDefinition') {
      const defined = typeOfDefinition(object);
      for (const each of this.#storage.list(defined)) this.#storage.delete(defined, keyOf(each.metadata));
      this.#types.undefine(defined);
    }
    return this.#storage.delete(type, keyOf(object.metadata)) ?? object;
  }
}

/** All versions of a kind are one object; it is shown in the one asked for. */
export function inVersion(object: ApiObject, { type, version }: Pick<Target, 'type' | 'version'>): ApiObject {
  const apiVersion = apiVersionOf(type, version);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

function graceOf(pod: ApiObject, { gracePeriodSeconds }: DeleteOptions): number {
  // A pod that no node has is gone at once.
  if (pod.kind !== 'Pod' || textAt(pod, 'spec', 'nodeName') === '') return 0;
  const own = at(pod, 'spec', 'terminationGracePeriodSeconds');
  return gracePeriodSeconds ?? (typeof own === 'number' ? own : 30);
}

/** What `generation` counts the changes of. */
function contentOf({
  metadata: _metadata,
  status: _status,
  ...content
}: ApiObject & { status?: unknown }): Json {
  return content;
}

function suffix(): string {
  return randomBytes(4).toString('hex').slice(0, 5);
}

/** RFC 3339 in whole seconds, as the real server writes times. */
function now(plusSeconds = 0): string {
  return new Date(Date.now() + plusSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
