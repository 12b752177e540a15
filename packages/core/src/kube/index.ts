export type { KubeApiErrorDetails } from './api-error.js';
export { errorOfStatus, isStale, KubeApiError } from './api-error.js';
export type { KubeApiObject, KubeList, KubeObjectMeta, KubeWatchEvent } from './api-object.js';
export { keyOf } from './api-object.js';
export type { EndpointSlice, SliceConditions, SliceEndpoint, SlicePort } from './endpoint-slice.js';
export { SERVICE_NAME_LABEL } from './endpoint-slice.js';
export type { KubePermission, ReflectorFailure } from './failure.js';
export { formatFailure, formatPermission, missingPermission } from './failure.js';
export { jsonEqual } from './json-equal.js';
export type {
  AddressFamily,
  Labels,
  LabelsOf,
  MergedEndpoint,
  MergeOptions,
  PlaceOf,
} from './merge-slices.js';
export { compareEndpoints, mergeSlices, placeOfLabels } from './merge-slices.js';
export type { KubeChange, Strip } from './object-store.js';
export type { ReflectorOptions, ReflectorPhase } from './reflector.js';
export { Reflector } from './reflector.js';
export type { KubeResource } from './resource.js';
export { collectionPath, formatResource } from './resource.js';
export type { Cancel, KubeRequest, KubeTransport, ListResult, WatchHandlers } from './transport.js';
