import type { Storage } from '../support/kube-apiserver/objects/storage.js';
import type { ResourceType } from '../support/kube-apiserver/objects/resource-type.js';

/** When the API server said what of a pod, in milliseconds since 1970; undefined: not yet. */
export interface PodTimes {
  readonly readyMs: number | undefined;
  readonly terminatingMs: number | undefined;
}

interface Endpoint {
  readonly conditions: { readonly ready: boolean; readonly terminating: boolean };
  readonly targetRef?: { readonly name: string };
}

/** What the EndpointSlices have said of each pod, and what pods that are gone had said themselves. */
export class PodHistory {
  readonly #times = new Map<string, PodTimes>();
  readonly #lastWords = new Map<string, string>();

  constructor(storage: Storage, endpointSlices: ResourceType) {
    storage.onEvent(endpointSlices, ({ object }) => {
      for (const endpoint of (object['endpoints'] ?? []) as readonly Endpoint[]) this.#note(endpoint);
    });
  }

  /** By the pod's name. */
  get times(): ReadonlyMap<string, PodTimes> {
    return this.#times;
  }

  /** The output of the containers of pods that have ended, by the pod's name. */
  get lastWords(): ReadonlyMap<string, string> {
    return this.#lastWords;
  }

  noteEnd(pod: string, log: string): void {
    this.#lastWords.set(pod, log);
  }

  #note({ conditions, targetRef }: Endpoint): void {
    if (targetRef === undefined) return;
    const known = this.#times.get(targetRef.name);
    this.#times.set(targetRef.name, {
      readyMs: known?.readyMs ?? (conditions.ready ? Date.now() : undefined),
      terminatingMs: known?.terminatingMs ?? (conditions.terminating ? Date.now() : undefined),
    });
  }
}
