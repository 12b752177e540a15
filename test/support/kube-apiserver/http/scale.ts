import { at, type Json } from '../objects/api-object.js';
import type { ObjectOperations, Target, WriteOptions } from '../objects/object-operations.js';
import type { Exchange } from './exchange.js';

/** Answers GET, PUT and PATCH of the subresource `scale`: the number of replicas, whatever the kind. */
export async function answerScale(
  operations: ObjectOperations,
  target: Target,
  exchange: Exchange,
  options: WriteOptions,
): Promise<Json> {
  const object = { ...target, subresource: '' };
  if (exchange.method !== 'GET') {
    const replicas = at(await exchange.body(), 'spec', 'replicas');
    await operations.update(
      object,
      (current) => ({ ...current, spec: { ...(at(current, 'spec') as Json), replicas } }),
      options,
    );
  }
  const { metadata, ...rest } = operations.get(object);
  const { name, namespace, uid, resourceVersion } = metadata;
  const replicas = at(rest, 'spec', 'replicas') ?? 1;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion },
    spec: { replicas },
    status: { replicas: at(rest, 'status', 'replicas') ?? 0 },
  };
}
