import type { Clock, Timer } from '../clock.js';
import type { Random } from '../random.js';
import { backoffDelayMs, type BackoffSettings } from '../resilience/backoff.js';
import { errorOfStatus, isStale, KubeApiError } from './api-error.js';
import { keyOf, type KubeList, type KubeWatchEvent } from './api-object.js';
import type { ReflectorFailure } from './failure.js';
import { ObjectStore, type KubeChange, type Replacement, type Strip } from './object-store.js';
import { collectionPath, type KubeResource } from './resource.js';
import type { Cancel, KubeRequest, KubeTransport, ListResult } from './transport.js';

export interface ReflectorOptions<T> {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly resource: KubeResource;
  /** Of the same objects, asked for where the server does not have that of `resource`; the best first. */
  readonly otherVersions?: readonly string[];
  /** Undefined: all namespaces, or a resource that has none. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects come without spec and status; default false. */
  readonly metadataOnly?: boolean;
  readonly strip: Strip<T>;
  /**
   * The objects have changed; `objects` has them as they are now. Also called, perhaps with no change at all, when
   * the first listing is complete.
   */
  readonly onChange: (changes: readonly KubeChange<T>[]) => void;
  /** A request has failed; called for every one. */
  readonly onFailure?: (failure: ReflectorFailure) => void;
  /** The objects are followed again after failures. */
  readonly onRecovered?: () => void;
  /** Objects per page; default 500. */
  readonly pageSize?: number;
  /** How long a page may take, in milliseconds; default 60 000. */
  readonly listTimeoutMs?: number;
  /** The least time a watch lasts before it is renewed, in milliseconds; the most is twice that. Default 5 minutes. */
  readonly watchTimeoutMs?: number;
  /** Between attempts; default 200 ms doubling up to 30 s, with full jitter. */
  readonly backoff?: BackoffSettings;
  /** How soon a kind is looked for again that the API server does not have, in milliseconds; default 10 000. */
  readonly absentRetryMs?: number;
}

/**
 * - `listing`, `watching`: what it does now;
 * - `waiting`: a request has failed, and the next has its time;
 * - `absent`: the API server does not have the kind (a CRD that is not installed); it is looked for at times.
 */
export type ReflectorPhase = 'listing' | 'watching' | 'waiting' | 'absent' | 'closed';

const DEFAULT_BACKOFF: BackoffSettings = { baseMs: 200, capMs: 30_000 };
/** A watch that ends sooner than this, and brought nothing, is a failure: asking again at once would be a storm. */
const MIN_WATCH_MS = 1000;
/** How long the server may take to accept a watch. */
const OPEN_TIMEOUT_MS = 30_000;
/** How much longer than agreed a watch may last before it is taken for dead. */
const WATCH_GRACE_MS = 15_000;

/**
 * Keeps the objects of one resource as the API server has them: lists them in pages, then follows their changes
 * by a watch, which goes on where the last one ended. When the server no longer knows that place (410), everything
 * is listed anew and compared.
 *
 * Nothing empties it but the API server saying so: while requests fail or are forbidden, the last good state stays.
 * The shape is that of client-go's Reflector.
 */
export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #store: ObjectStore<T>;
  /** The kind in all its versions, the best first. */
  readonly #resources: readonly KubeResource[];
  /** Which of them is asked for now. */
  #chosen = 0;
  #phase: ReflectorPhase = 'closed';
  #synced = false;
  #seenMs: number | undefined;
  #failure: ReflectorFailure | undefined;
  /** Where the next watch begins. */
  #version = '';
  /** Failures in a row. */
  #attempt = 0;
  #watchBegunMs = 0;
  #watchEvents = 0;
  #cancel: Cancel | undefined;
  #timer: Timer | undefined;
  /** Tells answers to a request that was given up from those to the one under way. */
  #generation = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#store = new ObjectStore(options.strip);
    const versions = [options.resource.version, ...(options.otherVersions ?? [])];
    this.#resources = versions.map((version) => ({ ...options.resource, version }));
  }

  /** By `namespace/name`, as last known. */
  get objects(): ReadonlyMap<string, T> {
    return this.#store.objects;
  }

  /** The kind, in the version it is read in. */
  get resource(): KubeResource {
    return this.#resources[this.#chosen] ?? this.#options.resource;
  }

  get phase(): ReflectorPhase {
    return this.#phase;
  }

  /** Whether a listing has been completed since `start`. */
  get isSynced(): boolean {
    return this.#synced;
  }

  /** The last failure, until the objects are followed again. */
  get failure(): ReflectorFailure | undefined {
    return this.#failure;
  }

  /** How old the objects may be, in milliseconds: 0 while they are followed; undefined before they were listed. */
  get ageMs(): number | undefined {
    if (this.#seenMs === undefined) return undefined;
    return this.#phase === 'watching' && this.#failure === undefined
      ? 0
      : this.#options.clock.nowMs() - this.#seenMs;
  }

  start(): void {
    if (this.#phase === 'closed') this.#list();
  }

  /** Lists everything anew, whatever is under way: for whoever has reason to doubt what is known. */
  relist(): void {
    if (this.#phase !== 'closed') this.#list();
  }

  /** Stops for good. The objects stay as they are. */
  close(): void {
    this.#abandon();
    this.#phase = 'closed';
  }

  // ---- listing

  #list(pageSize = this.#options.pageSize ?? 500): void {
    this.#abandon();
    this.#phase = 'listing';
    this.#listPage(this.#store.replacement(), pageSize, '');
  }

  /** @param pageSize 0: everything at once */
  #listPage(replacement: Replacement<T>, pageSize: number, next: string): void {
    const generation = this.#abandon();
    const { clock, listTimeoutMs = 60_000 } = this.#options;
    this.#timer = clock.setTimer(listTimeoutMs, () => {
      this.#abandon();
      this.#fail('list', new KubeApiError(`no answer within ${listTimeoutMs} ms`));
    });
    // No resourceVersion: the newest, never an older state from a server that lags behind the last one asked.
    const request = this.#request({
      ...(pageSize > 0 && { limit: String(pageSize) }),
      ...(next !== '' && { continue: next }),
    });
    const cancel = this.#options.transport.list(request, (result) => {
      if (generation === this.#generation) this.#onPage(result, replacement, pageSize, next);
    });
    if (generation === this.#generation) this.#cancel = cancel;
  }

  #onPage({ list, error }: ListResult, replacement: Replacement<T>, pageSize: number, next: string): void {
    this.#abandon();
    if (error !== undefined) {
      // The pages of one listing show one state, which is forgotten when they are fetched too slowly.
      if (next !== '' && isStale(error)) this.#list(0);
      else this.#fail('list', error);
      return;
    }
    for (const item of list.items) replacement.put(item);
    const more = list.metadata.continue ?? '';
    if (more === '') this.#onListed(list, replacement);
    else this.#listPage(replacement, pageSize, more);
  }

  #onListed(list: KubeList, replacement: Replacement<T>): void {
    const changes = replacement.finish();
    this.#version = list.metadata.resourceVersion ?? '';
    this.#seenMs = this.#options.clock.nowMs();
    const isFirst = !this.#synced;
    this.#synced = true;
    const generation = this.#generation;
    if (isFirst || changes.length > 0) this.#options.onChange(changes);
    // It may have been closed meanwhile.
    if (generation === this.#generation) this.#watch();
  }

  // ---- watching

  #watch(): void {
    const generation = this.#abandon();
    this.#phase = 'watching';
    const { clock, random, watchTimeoutMs = 300_000 } = this.#options;
    // Spread, so that the watches of many clients are not renewed together.
    const timeoutSeconds = Math.ceil((watchTimeoutMs * (1 + random.next())) / 1000);
    this.#endWatchAfter(OPEN_TIMEOUT_MS, `no answer within ${OPEN_TIMEOUT_MS} ms`);
    const request = this.#request({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version,
      timeoutSeconds: String(timeoutSeconds),
    });
    this.#watchBegunMs = clock.nowMs();
    this.#watchEvents = 0;
    const isCurrent = (): boolean => generation === this.#generation;
    const cancel = this.#options.transport.watch(request, {
      onOpen: () => {
        if (!isCurrent()) return;
        this.#endWatchAfter(
          timeoutSeconds * 1000 + WATCH_GRACE_MS,
          'the watch did not end when it should have',
        );
        this.#onFollowed();
      },
      onEvent: (event) => {
        if (isCurrent()) this.#onEvent(event);
      },
      onEnd: (error) => {
        if (isCurrent()) this.#onWatchEnd(error);
      },
    });
    if (isCurrent()) this.#cancel = cancel;
  }

  #endWatchAfter(timeoutMs: number, why: string): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(timeoutMs, () => this.#onWatchEnd(new KubeApiError(why)));
  }

  #onEvent({ type, object }: KubeWatchEvent): void {
    if (type === 'ERROR') {
      // Whatever it is, it may have to do with the place the watch went on from.
      this.#version = '';
      this.#onWatchEnd(errorOfStatus(object));
      return;
    }
    this.#watchEvents += 1;
    this.#attempt = 0;
    this.#version = object.metadata.resourceVersion ?? this.#version;
    this.#onFollowed();
    if (type === 'BOOKMARK') return;
    const change = type === 'DELETED' ? this.#store.remove(keyOf(object.metadata)) : this.#store.put(object);
    if (change !== undefined) this.#options.onChange([change]);
  }

  #onWatchEnd(error: KubeApiError | undefined): void {
    this.#abandon();
    const lasted = this.#options.clock.nowMs() - this.#watchBegunMs >= MIN_WATCH_MS;
    const wasOfUse = lasted || this.#watchEvents > 0;
    if (error === undefined) {
      if (wasOfUse) this.#watch();
      else this.#fail('watch', new KubeApiError('the server ended the watch at once'));
      return;
    }
    if (wasOfUse && this.#failure === undefined) this.#attempt = 0;
    if (!isStale(error)) {
      this.#fail('watch', error);
      return;
    }
    this.#version = '';
    // Once it is nothing out of the ordinary; over and over it is a failure.
    if (this.#attempt > 0) {
      this.#fail('watch', error);
      return;
    }
    this.#attempt = 1;
    this.#list();
  }

  // ---- both

  /** What is known is known to be current. */
  #onFollowed(): void {
    this.#seenMs = this.#options.clock.nowMs();
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#options.onRecovered?.();
  }

  #fail(verb: 'list' | 'watch', error: KubeApiError): void {
    const { clock, random, namespace, backoff = DEFAULT_BACKOFF } = this.#options;
    const { resource } = this;
    const isAbsent = error.status === 404;
    if (isAbsent) {
      // A kind that is gone is not watched any more, but looked for, in all its versions.
      this.#version = '';
      this.#chosen = (this.#chosen + 1) % this.#resources.length;
      if (this.#chosen > 0) {
        this.#list();
        return;
      }
    }
    this.#attempt += 1;
    this.#phase = isAbsent ? 'absent' : 'waiting';
    const delayMs = isAbsent
      ? (this.#options.absentRetryMs ?? 10_000) * (0.5 + random.next())
      : Math.max(backoffDelayMs(this.#attempt, backoff, random), error.retryAfterMs ?? 0);
    this.#failure = { verb, resource, namespace, error, attempt: this.#attempt, retryInMs: delayMs };
    this.#timer = clock.setTimer(delayMs, () => {
      if (this.#version === '') this.#list();
      else this.#watch();
    });
    this.#options.onFailure?.(this.#failure);
  }

  #request(params: Readonly<Record<string, string>>): KubeRequest {
    const { labelSelector, fieldSelector, metadataOnly = false } = this.#options;
    return {
      path: collectionPath(this.resource, this.#options.namespace),
      params: {
        ...params,
        ...(labelSelector !== undefined && { labelSelector }),
        ...(fieldSelector !== undefined && { fieldSelector }),
      },
      metadataOnly,
    };
  }

  /** Gives up what is under way. Returns the generation of what comes next. */
  #abandon(): number {
    this.#timer?.cancel();
    this.#timer = undefined;
    const cancel = this.#cancel;
    this.#cancel = undefined;
    this.#generation += 1;
    cancel?.();
    return this.#generation;
  }
}
