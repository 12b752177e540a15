import { createHash } from 'node:crypto';
import { isRecord, type ApiObject, type Json } from '../objects/api-object.js';
import type { ObjectOperations, Target, WriteOptions } from '../objects/object-operations.js';
import { badRequest, StatusError } from '../objects/status-error.js';
import { applyPatch } from '../patch/apply-patch.js';
import { jsonPatch } from '../patch/json-patch.js';
import { mergePatch } from '../patch/merge-patch.js';
import { strategicMergePatch } from '../patch/strategic-merge-patch.js';

/** What each manager applied last, by object: the real server keeps it in `managedFields`. */
export type Applied = Map<string, Json>;

/** Answers a PATCH by its content type. */
export async function patchObject(
  operations: ObjectOperations,
  target: Target,
  contentType: string,
  patch: unknown,
  fieldManager: string,
  applied: Applied,
  options: WriteOptions,
): Promise<{ readonly status: number; readonly object: ApiObject }> {
  if (contentType === 'application/apply-patch+yaml')
    return apply(operations, target, patch, fieldManager, applied, options);
  const change = changeOf(contentType, target, patch);
  const object = await operations.update(target, (current) => change(current) as ApiObject, options);
  return { status: 200, object };
}

function changeOf(contentType: string, { type }: Target, patch: unknown): (current: ApiObject) => unknown {
  switch (contentType) {
    case 'application/merge-patch+json':
      return (current) => mergePatch(current, patch);
    case 'application/json-patch+json':
      return (current) => jsonPatch(current, patch);
    case 'application/strategic-merge-patch+json':
      if (type.isCustom) break;
      if (!isRecord(patch)) throw badRequest('a strategic merge patch is an object');
      return (current) => strategicMergePatch(current, patch);
  }
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
  );
}

async function apply(
  operations: ObjectOperations,
  target: Target,
  patch: unknown,
  fieldManager: string,
  applied: Applied,
  options: WriteOptions,
): Promise<{ readonly status: number; readonly object: ApiObject }> {
  if (!isRecord(patch)) throw badRequest('an apply patch is an object');
  if (fieldManager === '')
    throw badRequest('PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value');
  const { type, namespace, name, subresource } = target;
  const key = createHash('sha256')
    .update(JSON.stringify([type.group, type.plural, namespace, name, subresource, fieldManager]))
    .digest('hex');
  const before = applied.get(key);
  const remember = (object: ApiObject, status: number) => {
    if (!options.dryRun) applied.set(key, patch);
    return { status, object };
  };
  try {
    const change = (current: ApiObject) => applyPatch(current, before, patch) as ApiObject;
    return remember(await operations.update(target, change, options), 200);
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 404 || subresource !== '') throw error;
    return remember(await operations.create(target, patch as unknown as ApiObject, options), 201);
  }
}
