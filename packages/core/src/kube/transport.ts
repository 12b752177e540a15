import type { KubeApiError } from './api-error.js';
import type { KubeList, KubeWatchEvent } from './api-object.js';

export interface KubeRequest {
  /** Without the query: `/apis/discovery.k8s.io/v1/endpointslices`. */
  readonly path: string;
  /** Of the query, not yet escaped. */
  readonly params: Readonly<Record<string, string>>;
  /** Ask for `PartialObjectMetadata`: objects come without spec and status. */
  readonly metadataOnly: boolean;
}

export type ListResult =
  | { readonly list: KubeList; readonly error?: undefined }
  | { readonly list?: undefined; readonly error: KubeApiError };

export interface WatchHandlers {
  /** The server has accepted the watch. */
  onOpen(): void;
  onEvent(event: KubeWatchEvent): void;
  /** Once, and nothing after it; without an error when the server ended the watch in good order. */
  onEnd(error: KubeApiError | undefined): void;
}

/** Gives a request up; nothing is called any more. Harmless when it has ended. */
export type Cancel = () => void;

/**
 * How requests reach the API server. Handlers may be called before `list` or `watch` return; they do not throw.
 * Time limits are the caller's, by `Cancel`.
 */
export interface KubeTransport {
  list(request: KubeRequest, onResult: (result: ListResult) => void): Cancel;
  watch(request: KubeRequest, handlers: WatchHandlers): Cancel;
}
