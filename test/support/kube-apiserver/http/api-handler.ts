import { ADMIN, ANONYMOUS, type Tokens, type User } from '../access/user.js';
import type { Rbac } from '../access/rbac.js';
import { answerReview, answerTokenRequest, REVIEWS } from '../access/reviews.js';
import type { Faults } from '../faults.js';
import { at, isRecord, keyOf, type ApiObject, type Json } from '../objects/api-object.js';
import type { DeleteOptions, ObjectOperations, Target, WriteOptions } from '../objects/object-operations.js';
import { groupResource, type ResourceType } from '../objects/resource-type.js';
import { StatusError } from '../objects/status-error.js';
import type { Storage } from '../objects/storage.js';
import type { TypeRegistry } from '../objects/type-registry.js';
import { answerDiscovery } from './discovery.js';
import type { Exchange } from './exchange.js';
import { listObjects, present, selectorOf, type Collection } from './list-objects.js';
import { wantsMetadataOnly } from './metadata-only.js';
import { patchObject, type Applied } from './patch-object.js';
import { parseResourcePath, type RequestInfo } from './request-info.js';
import { answerScale } from './scale.js';
import { watchObjects, type OpenWatch } from './watch-objects.js';

export interface ApiHandlerOptions {
  readonly storage: Storage;
  readonly types: TypeRegistry;
  readonly operations: ObjectOperations;
  readonly rbac: Rbac;
  readonly tokens: Tokens;
  readonly faults: Faults;
  readonly bookmarkIntervalMs: number;
  /** Told of every request to a resource, allowed or not. */
  readonly onRequest: (info: RequestInfo, user: User) => void;
}

/** Answers requests as the API server does: who asks, may they, and then what they ask for. */
export class ApiHandler {
  readonly watches = new Set<OpenWatch>();
  readonly #options: ApiHandlerOptions;
  readonly #applied: Applied = new Map();

  constructor(options: ApiHandlerOptions) {
    this.#options = options;
  }

  async handle(exchange: Exchange): Promise<void> {
    try {
      const user = this.#authenticate(exchange);
      const info = parseResourcePath(exchange.method, exchange.url);
      if (info === undefined) this.#answerOther(exchange, user);
      else await this.#answerResource(exchange, info, user);
    } catch (error) {
      exchange.fail(error);
    }
  }

  #authenticate(exchange: Exchange): User {
    const [, token] = /^Bearer (.+)$/i.exec(exchange.header('authorization')) ?? [];
    if (token === undefined) return exchange.certificate ?? ANONYMOUS;
    const user = this.#options.tokens.find(token);
    if (user === undefined) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    return user;
  }

  #answerOther(exchange: Exchange, user: User): void {
    const path = exchange.url.pathname.replace(/(.)\/$/, '$1');
    if (['/healthz', '/livez', '/readyz'].includes(path)) {
      exchange.answerText(200, 'ok');
      return;
    }
    if (user === ANONYMOUS && path !== '/version')
      throw new StatusError(403, 'Forbidden', `forbidden: User "${user.username}" cannot get path "${path}"`);
    const answer = answerDiscovery(path, this.#options.types, exchange.header('host'));
    if (answer === undefined) exchange.answerText(404, '404 page not found\n');
    else exchange.answer(200, answer);
  }

  async #answerResource(exchange: Exchange, info: RequestInfo, user: User): Promise<void> {
    const { types, faults, onRequest } = this.#options;
    onRequest(info, user);
    await faults.meet(info);
    this.#authorize(info, user);
    const review = REVIEWS.get(`${info.group}/${info.plural}`);
    if (review !== undefined && info.verb === 'create') {
      const { rbac, tokens } = this.#options;
      exchange.answer(201, answerReview(review, await exchange.recordBody(), user, rbac, tokens));
      return;
    }
    const type = types.find(info.group, info.version, info.plural);
    if (type === undefined) {
      exchange.answerText(404, '404 page not found\n');
      return;
    }
    if (info.verb === 'list')
      exchange.answer(200, listObjects(this.#options.storage, collectionOf(exchange, info, type)));
    else if (info.verb === 'watch') this.#watch(exchange, info, type);
    else if (info.subresource !== '') await this.#answerSubresource(exchange, info, type, user);
    else await this.#answerObject(exchange, info, type, user);
  }

  #authorize({ verb, group, plural, subresource, namespace, name }: RequestInfo, user: User): void {
    const resource = subresource === '' ? plural : `${plural}/${subresource}`;
    const isReview = REVIEWS.has(`${group}/${plural}`) && user !== ANONYMOUS;
    if (isReview || this.#options.rbac.allows(user, { verb, group, resource, namespace, name })) return;
    const what = `${groupResource({ group, plural })}${name === '' ? '' : ` "${name}"`}`;
    const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
    throw new StatusError(
      403,
      'Forbidden',
      `${what} is forbidden: User "${user.username}" cannot ${verb} resource "${resource}" in API group "${group}" ${scope}`,
      { group, kind: plural, ...(name !== '' && { name }) },
    );
  }

  #watch(exchange: Exchange, info: RequestInfo, type: ResourceType): void {
    const collection = collectionOf(exchange, info, type);
    selectorOf(collection);
    const { storage, bookmarkIntervalMs } = this.#options;
    const watch = watchObjects(storage, collection, exchange.stream(), {
      bookmarkIntervalMs,
      onOpen: (opened) => void this.watches.add(opened),
      onClose: (closed) => void this.watches.delete(closed),
    });
    exchange.onClose(() => watch.close());
  }

  async #answerSubresource(
    exchange: Exchange,
    info: RequestInfo,
    type: ResourceType,
    user: User,
  ): Promise<void> {
    const { operations, tokens } = this.#options;
    const target: Target = { type, ...info };
    if (info.subresource === 'status' && type.hasStatus) {
      await this.#answerObject(exchange, info, type, user);
    } else if (info.subresource === 'scale' && type.hasScale) {
      exchange.answer(200, await answerScale(operations, target, exchange, writeOptions(exchange, user)));
    } else if (info.subresource === 'token' && type.kind === 'ServiceAccount' && info.verb === 'create') {
      operations.get(target);
      exchange.answer(
        201,
        answerTokenRequest(await exchange.recordBody(), info.namespace, info.name, tokens),
      );
    } else {
      exchange.answerText(404, '404 page not found\n');
    }
  }

  async #answerObject(exchange: Exchange, info: RequestInfo, type: ResourceType, user: User): Promise<void> {
    const { operations } = this.#options;
    const target: Target = { type, ...info };
    const options = writeOptions(exchange, user);
    const view = { type, version: info.version, metadataOnly: wantsMetadataOnly(exchange.accept) };
    const answer = (status: number, object: ApiObject): void =>
      exchange.answer(status, present(object, view));
    switch (info.verb) {
      case 'get':
        answer(200, operations.get(target));
        return;
      case 'create':
        answer(
          201,
          await operations.create(target, (await exchange.recordBody()) as unknown as ApiObject, options),
        );
        return;
      case 'update': {
        const wanted = (await exchange.recordBody()) as unknown as ApiObject;
        answer(200, await operations.update(target, () => wanted, options));
        return;
      }
      case 'patch': {
        const patch = await exchange.body();
        const manager = exchange.url.searchParams.get('fieldManager') ?? '';
        const { status, object } = await patchObject(
          operations,
          target,
          exchange.contentType,
          patch,
          manager,
          this.#applied,
          options,
        );
        answer(status, object);
        return;
      }
      case 'delete':
        await this.#delete(exchange, target, options);
        return;
      case 'deletecollection':
        await this.#deleteCollection(exchange, info, target, options);
        return;
      default:
        throw new StatusError(
          405,
          'MethodNotAllowed',
          'the server does not allow this method on the requested resource',
        );
    }
  }

  async #delete(exchange: Exchange, target: Target, options: WriteOptions): Promise<void> {
    const { operations } = this.#options;
    const { uid } = operations.get(target).metadata;
    const left = await operations.delete(target, await deleteOptions(exchange), options);
    if (left !== undefined) {
      exchange.answer(200, left);
      return;
    }
    const { type, name } = target;
    const details = { name, group: type.group, kind: type.plural, uid };
    exchange.answer(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
  }

  async #deleteCollection(
    exchange: Exchange,
    info: RequestInfo,
    target: Target,
    options: WriteOptions,
  ): Promise<void> {
    const { storage, operations } = this.#options;
    const collection = collectionOf(exchange, info, target.type);
    const asked = await deleteOptions(exchange);
    const list = listObjects(storage, collection);
    for (const object of storage.list(target.type).filter(selectorOf(collection))) {
      const { name, namespace = '' } = object.metadata;
      if (storage.get(target.type, keyOf(object.metadata)) !== undefined)
        await operations.delete({ ...target, name, namespace }, asked, options);
    }
    exchange.answer(200, list);
  }
}

function collectionOf(exchange: Exchange, info: RequestInfo, type: ResourceType): Collection {
  return {
    type,
    version: info.version,
    namespace: info.namespace,
    name: info.name,
    params: exchange.url.searchParams,
    metadataOnly: wantsMetadataOnly(exchange.accept),
  };
}

function writeOptions(exchange: Exchange, user: User): WriteOptions {
  const dryRun = exchange.url.searchParams.get('dryRun') === 'All';
  return { dryRun, user, warn: (text) => exchange.warn(text) };
}

async function deleteOptions(exchange: Exchange): Promise<DeleteOptions> {
  const body = await exchange.body();
  const query = exchange.url.searchParams.get('gracePeriodSeconds');
  const seconds = query === null ? at(body, 'gracePeriodSeconds') : Number(query);
  const preconditions = at(body, 'preconditions');
  return {
    ...(typeof seconds === 'number' && { gracePeriodSeconds: seconds }),
    ...(isRecord(preconditions) && { preconditions: preconditions as Json & DeleteOptions['preconditions'] }),
  };
}

/** For writes that no request asks for. */
export const INTERNAL: WriteOptions = { dryRun: false, user: ADMIN };
