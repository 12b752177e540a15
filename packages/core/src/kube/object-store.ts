import type { KubeApiObject } from './api-object.js';
import { keyOf } from './api-object.js';
import { jsonEqual } from './json-equal.js';

/** How one stored object differs from what was there before. */
export type KubeChange<T> =
  | { readonly type: 'added'; readonly key: string; readonly object: T; readonly previous?: undefined }
  | { readonly type: 'updated'; readonly key: string; readonly object: T; readonly previous: T }
  | { readonly type: 'removed'; readonly key: string; readonly object?: undefined; readonly previous: T };

/** Takes out of an object what is used; undefined: nothing of it, the object counts as absent. Must not throw. */
export type Strip<T> = (object: KubeApiObject) => T | undefined;

/**
 * The objects of one resource, stripped to what is used. An object whose used part does not change stays the
 * same JavaScript object, and its change is none.
 */
export class ObjectStore<T> {
  readonly #strip: Strip<T>;
  #objects = new Map<string, T>();

  constructor(strip: Strip<T>) {
    this.#strip = strip;
  }

  get objects(): ReadonlyMap<string, T> {
    return this.#objects;
  }

  put(raw: KubeApiObject): KubeChange<T> | undefined {
    const key = keyOf(raw.metadata);
    const stripped = this.#strip(raw);
    if (stripped === undefined) return this.remove(key);
    const previous = this.#objects.get(key);
    if (previous !== undefined && jsonEqual(previous, stripped)) return undefined;
    this.#objects.set(key, stripped);
    return previous === undefined
      ? { type: 'added', key, object: stripped }
      : { type: 'updated', key, object: stripped, previous };
  }

  remove(key: string): KubeChange<T> | undefined {
    const previous = this.#objects.get(key);
    if (previous === undefined) return undefined;
    this.#objects.delete(key);
    return { type: 'removed', key, previous };
  }

  /** Begins a listing of everything there is; the store stays as it is until `finish`. */
  replacement(): Replacement<T> {
    const next = new Map<string, T>();
    return {
      put: (raw) => {
        const stripped = this.#strip(raw);
        if (stripped !== undefined) next.set(keyOf(raw.metadata), stripped);
      },
      finish: () => this.#replace(next),
    };
  }

  #replace(next: Map<string, T>): KubeChange<T>[] {
    const changes: KubeChange<T>[] = [];
    for (const [key, previous] of this.#objects) {
      const object = next.get(key);
      if (object === undefined) changes.push({ type: 'removed', key, previous });
      else if (jsonEqual(previous, object)) next.set(key, previous);
      else changes.push({ type: 'updated', key, object, previous });
    }
    for (const [key, object] of next) {
      if (!this.#objects.has(key)) changes.push({ type: 'added', key, object });
    }
    this.#objects = next;
    return changes;
  }
}

export interface Replacement<T> {
  put(raw: KubeApiObject): void;
  /** Puts the listing in place of what was there, and says what differs. */
  finish(): KubeChange<T>[];
}
