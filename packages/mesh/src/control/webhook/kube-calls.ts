/** A single request to the API server; see `ApiConnection.call`. */
export interface KubeCalls {
  /** @throws KubeApiError when it cannot be asked, or says no */
  call(call: {
    readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    readonly path: string;
    readonly body?: unknown;
    readonly contentType?: string;
  }): Promise<unknown>;
}

export const MERGE_PATCH = 'application/merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';
