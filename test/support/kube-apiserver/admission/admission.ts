import { at, listAt, textAt, type ApiObject, type Json } from '../objects/api-object.js';
import { jsonPatch } from '../patch/json-patch.js';
import type { Target, WriteOptions } from '../objects/object-operations.js';
import { apiVersionOf } from '../objects/resource-type.js';
import { matchesLabelSelector } from '../objects/selector.js';
import { badRequest, StatusError } from '../objects/status-error.js';
import type { Storage } from '../objects/storage.js';
import type { TypeRegistry } from '../objects/type-registry.js';
import { callWebhook } from './call-webhook.js';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE';

/** Asks the webhooks that are configured in the server's own objects: first those that change, then those that judge. */
export class Admission {
  readonly #storage: Storage;
  readonly #types: TypeRegistry;

  constructor(storage: Storage, types: TypeRegistry) {
    this.#storage = storage;
    this.#types = types;
  }

  /**
   * @returns the object as the webhooks leave it
   * @throws StatusError when one refuses, or cannot be asked and must be
   */
  async admit(
    operation: AdmissionOperation,
    target: Target,
    object: ApiObject | undefined,
    before: ApiObject | undefined,
    options: WriteOptions,
  ): Promise<ApiObject> {
    // Webhooks never judge their own configuration, or a broken one could not be mended.
    if (target.type.group === 'admissionregistration.k8s.io') return (object ?? before)!;
    let current = object;
    for (const plural of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const) {
      for (const webhook of this.#webhooks(plural)) {
        if (!this.#concerns(webhook, operation, target, current, before)) continue;
        const patch = await this.#ask(webhook, operation, target, current, before, options);
        if (patch !== undefined && plural === 'mutatingwebhookconfigurations' && current !== undefined)
          current = jsonPatch(current, patch) as ApiObject;
      }
    }
    return (current ?? before)!;
  }

  #webhooks(plural: string): readonly unknown[] {
    const type = this.#types.find('admissionregistration.k8s.io', 'v1', plural);
    return type === undefined ? [] : this.#storage.list(type).flatMap((each) => listAt(each, 'webhooks'));
  }

  #concerns(
    webhook: unknown,
    operation: AdmissionOperation,
    target: Target,
    object: ApiObject | undefined,
    before: ApiObject | undefined,
  ): boolean {
    const { type, version, subresource } = target;
    const resource = subresource === '' ? type.plural : `${type.plural}/${subresource}`;
    const isRuled = listAt(webhook, 'rules').some((rule) => {
      const allows = (field: string, ...values: readonly string[]): boolean =>
        listAt(rule, field).some((each) => values.includes(String(each)));
      const scope = textAt(rule, 'scope') || '*';
      return (
        allows('operations', operation, '*') &&
        allows('apiGroups', type.group, '*') &&
        allows('apiVersions', version, '*') &&
        allows('resources', resource, '*/*', subresource === '' ? '*' : `*/${subresource}`) &&
        (scope === '*' || (scope === 'Namespaced') === type.namespaced)
      );
    });
    if (!isRuled) return false;
    const labelled = [object, before].filter((each) => each !== undefined);
    if (
      !labelled.some(({ metadata }) =>
        matchesLabelSelector(at(webhook, 'objectSelector'), metadata.labels ?? {}),
      )
    )
      return false;
    const labels = this.#namespaceLabels(target, object ?? before);
    return labels === undefined || matchesLabelSelector(at(webhook, 'namespaceSelector'), labels);
  }

  /** Undefined for what belongs to no namespace: the selector says nothing of it. */
  #namespaceLabels({ type, namespace }: Target, object: ApiObject | undefined) {
    if (type.kind === 'Namespace') return object?.metadata.labels ?? {};
    if (!type.namespaced) return undefined;
    const namespaces = this.#types.find('', 'v1', 'namespaces');
    return (namespaces && this.#storage.get(namespaces, `/${namespace}`)?.metadata.labels) ?? {};
  }

  async #ask(
    webhook: unknown,
    operation: AdmissionOperation,
    target: Target,
    object: ApiObject | undefined,
    before: ApiObject | undefined,
    { dryRun, user, warn }: WriteOptions,
  ): Promise<unknown> {
    const name = textAt(webhook, 'name');
    if (dryRun && !['None', 'NoneOnDryRun'].includes(textAt(webhook, 'sideEffects')))
      throw badRequest(`admission webhook "${name}" does not support dry run`);
    const { type, version } = target;
    const kind = { group: type.group, version, kind: type.kind };
    const resource = { group: type.group, version, resource: type.plural };
    const convert = (each: ApiObject | undefined) =>
      each === undefined ? null : { ...each, apiVersion: apiVersionOf(type, version) };
    const request: Json = {
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      ...(target.subresource !== '' && { subResource: target.subresource }),
      name: target.name,
      ...(type.namespaced && { namespace: target.namespace }),
      operation,
      userInfo: user,
      object: convert(object),
      oldObject: convert(before),
      dryRun,
      options: null,
    };
    try {
      const answer = await callWebhook(webhook, request, (service) => this.#addressOf(service));
      for (const warning of answer.warnings) warn?.(warning);
      return answer.patch;
    } catch (error) {
      if (error instanceof StatusError) throw error;
      if (textAt(webhook, 'failurePolicy') === 'Ignore') return undefined;
      const reason = error instanceof Error ? error.message : String(error);
      throw new StatusError(
        500,
        'InternalError',
        `Internal error occurred: failed calling webhook "${name}": failed to call webhook: ${reason}`,
      );
    }
  }

  /** Where a Service is reached: one of its ready endpoints, else its own address. */
  #addressOf({ namespace, name, port }: ServiceReference): { host: string; port: number } {
    const services = this.#types.find('', 'v1', 'services');
    const slices = this.#types.find('discovery.k8s.io', 'v1', 'endpointslices');
    const service = services && this.#storage.get(services, `${namespace}/${name}`);
    if (service === undefined || slices === undefined) throw new Error(`service "${name}" not found`);
    const servicePort = listAt(service, 'spec', 'ports').find((each) => at(each, 'port') === port);
    const portName = textAt(servicePort, 'name');
    for (const slice of this.#storage.list(slices)) {
      const { labels } = slice.metadata;
      if (slice.metadata.namespace !== namespace || labels?.['kubernetes.io/service-name'] !== name) continue;
      const slicePort = listAt(slice, 'ports').find((each) => textAt(each, 'name') === portName);
      for (const endpoint of listAt(slice, 'endpoints')) {
        const address = listAt(endpoint, 'addresses')[0];
        const number = at(slicePort, 'port');
        if (
          at(endpoint, 'conditions', 'ready') !== false &&
          typeof address === 'string' &&
          typeof number === 'number'
        )
          return { host: address, port: number };
      }
    }
    const clusterIP = textAt(service, 'spec', 'clusterIP');
    if (clusterIP === '' || clusterIP === 'None')
      throw new Error(`no endpoints available for service "${name}"`);
    return { host: clusterIP, port };
  }
}

export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}
