import type { ApiObject, Json } from '../objects/api-object.js';

/** Whether the client wants `PartialObjectMetadata` instead of whole objects. */
export function wantsMetadataOnly(accept: string): boolean {
  return /as=PartialObjectMetadata(List)?\b/.test(accept.split(',', 1)[0] ?? '');
}

export function metadataOf({ metadata }: ApiObject): Json {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}
