import { keyOf, type ApiObject } from './api-object.js';
import { groupResource, type ResourceType } from './resource-type.js';

export interface StorageEvent {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Of a DELETED event the last state, with the revision of the deletion. */
  readonly object: ApiObject;
  readonly previous: ApiObject | undefined;
}

type Listener = (event: StorageEvent) => void;

/** Events that are kept for watches that go on where another ended; the real server keeps some minutes. */
const MAX_EVENTS = 100_000;

/**
 * What etcd is to the API server: objects by kind under one revision counter, and the latest part of their
 * history. Objects are never changed, so whoever holds one holds that state.
 */
export class Storage {
  readonly #tables = new Map<string, Map<string, ApiObject>>();
  readonly #histories = new Map<string, StorageEvent[]>();
  readonly #listeners = new Map<string, Set<Listener>>();
  /** The server starts with a history of its own, as a real one does. */
  #revision = 1000;
  #compacted = 0;

  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision from which events are known. */
  get compactedRevision(): number {
    return this.#compacted;
  }

  get(type: ResourceType, key: string): ApiObject | undefined {
    return this.#table(type).get(key);
  }

  /** In the order of their keys, as etcd has them. */
  list(type: ResourceType): readonly ApiObject[] {
    return sorted(this.#table(type));
  }

  /** The state at an earlier revision, not before `compactedRevision`. */
  listAt(type: ResourceType, revision: number): readonly ApiObject[] {
    const table = new Map(this.#table(type));
    const events = this.#history(type);
    for (let index = events.length - 1; index >= 0; index--) {
      const event = events[index];
      if (event === undefined || event.revision <= revision) break;
      const key = keyOf(event.object.metadata);
      if (event.previous === undefined) table.delete(key);
      else table.set(key, event.previous);
    }
    return sorted(table);
  }

  /** Stores an object under the next revision, which it bears from then on. */
  put(type: ResourceType, object: ApiObject): ApiObject {
    const key = keyOf(object.metadata);
    const table = this.#table(type);
    const previous = table.get(key);
    const stored = this.#withRevision(object);
    table.set(key, stored);
    this.#record(type, {
      revision: this.#revision,
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      object: stored,
      previous,
    });
    return stored;
  }

  delete(type: ResourceType, key: string): ApiObject | undefined {
    const table = this.#table(type);
    const previous = table.get(key);
    if (previous === undefined) return undefined;
    table.delete(key);
    const object = this.#withRevision(previous);
    this.#record(type, { revision: this.#revision, type: 'DELETED', object, previous });
    return object;
  }

  /** Events after a revision, which is not before `compactedRevision`. */
  eventsAfter(type: ResourceType, revision: number): readonly StorageEvent[] {
    const events = this.#history(type);
    // From the end: what is asked for is nearly always the latest.
    let from = events.length;
    while (from > 0 && (events[from - 1]?.revision ?? 0) > revision) from--;
    return events.slice(from);
  }

  onEvent(type: ResourceType, listener: Listener): () => void {
    const name = groupResource(type);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Forgets the history: whoever goes on from before gets a 410. */
  compact(): void {
    // A revision of its own, so that even who saw the latest event is behind.
    this.#revision += 1;
    this.#compacted = this.#revision;
    this.#histories.clear();
  }

  #withRevision(object: ApiObject): ApiObject {
    this.#revision += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
  }

  #record(type: ResourceType, event: StorageEvent): void {
    const events = this.#history(type);
    events.push(event);
    if (events.length > MAX_EVENTS) this.#compacted = events.shift()?.revision ?? this.#compacted;
    for (const listener of this.#listeners.get(groupResource(type)) ?? []) listener(event);
  }

  #table(type: ResourceType): Map<string, ApiObject> {
    return getOrAdd(this.#tables, groupResource(type), () => new Map<string, ApiObject>());
  }

  #history(type: ResourceType): StorageEvent[] {
    return getOrAdd(this.#histories, groupResource(type), () => []);
  }
}

function getOrAdd<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function sorted(table: ReadonlyMap<string, ApiObject>): readonly ApiObject[] {
  return [...table].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}
