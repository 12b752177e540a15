import type { Clock, Timer } from '@weir/core';
import type { Snapshot } from '../snapshot.js';
import {
  PUSH_ORDER,
  TYPE_CLUSTER,
  TYPE_ENDPOINT,
  TYPE_LISTENER,
  TYPE_ROUTE,
  type ResourceType,
} from '../type-urls.js';
import type { Rejection } from './answers.js';
import { statusOfType, type TypeStatus } from './type-status.js';
import type { RequestKind, ResponseRules, TypeStream } from './type-stream.js';

export interface SubscriptionEngineOptions<Request> {
  readonly clock: Clock;
  /** Makes a type in the protocol's variant that the stream speaks. */
  readonly createType: (typeUrl: ResourceType, clock: Clock) => TypeStream<Request>;
  /** Takes an encoded response. */
  readonly send: (response: Buffer, typeUrl: ResourceType) => void;
  /** The client answered a response: after how many milliseconds, and why it refused it if it did. */
  readonly onAnswer?: (typeUrl: ResourceType, latencyMs: number, rejection: Rejection | undefined) => void;
  /** What is larger is not sent and shown as withheld; default: no limit. */
  readonly maxResponseBytes?: number;
}

/** Listeners and routes wait this long for what they refer to, then go without. */
const MAX_HOLD_MS = 2000;

/**
 * One aggregated stream of xDS in either variant, without a socket: requests and snapshots in, responses out.
 *
 * Make before break: clusters, then their endpoints, then listeners and routes once the client has acknowledged the
 * former; clusters that are gone stay in the set until no listener or route can refer to them, i.e. until the client
 * has acknowledged the latest of both. At most one response of each type is in flight.
 */
export class SubscriptionEngine<Request extends { readonly typeUrl?: string | undefined }> {
  readonly #options: SubscriptionEngineOptions<Request>;
  readonly #clusters: TypeStream<Request>;
  readonly #endpoints: TypeStream<Request>;
  readonly #listeners: TypeStream<Request>;
  readonly #routes: TypeStream<Request>;
  readonly #types: ReadonlyMap<string, TypeStream<Request>>;
  readonly #complete: ResponseRules;
  readonly #keeping: ResponseRules;
  #snapshot: Snapshot | undefined;
  #responses = 0;
  #holdTimer: Timer | undefined;
  #holdIsOver = false;

  constructor(options: SubscriptionEngineOptions<Request>) {
    const { createType, clock } = options;
    this.#options = options;
    const maxResponseBytes = options.maxResponseBytes ?? Number.POSITIVE_INFINITY;
    this.#complete = { keepRemoved: false, maxResponseBytes };
    this.#keeping = { keepRemoved: true, maxResponseBytes };
    this.#clusters = createType(TYPE_CLUSTER, clock);
    this.#endpoints = createType(TYPE_ENDPOINT, clock);
    this.#listeners = createType(TYPE_LISTENER, clock);
    this.#routes = createType(TYPE_ROUTE, clock);
    const types = [this.#clusters, this.#endpoints, this.#listeners, this.#routes];
    this.#types = new Map(types.map((type) => [type.typeUrl, type]));
  }

  /** Takes in a request and sends what it makes possible. A type nobody serves is left unanswered. */
  receive(request: Request): RequestKind | 'unknown-type' {
    const type = this.#types.get(request.typeUrl ?? '');
    if (type === undefined) return 'unknown-type';
    const kind = type.receive(request);
    const { answers } = type;
    if (kind === 'ack' || kind === 'nack') {
      this.#options.onAnswer?.(type.typeUrl, answers.latencyMs, answers.rejection);
    }
    if (kind !== 'stale') this.#flush();
    return kind;
  }

  /** Makes `snapshot` what the client shall have. One that is overtaken before it could be sent is never sent. */
  update(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#flush();
  }

  /** Stops the clock; nothing is sent any more. */
  stop(): void {
    this.#snapshot = undefined;
    this.#holdTimer?.cancel();
  }

  /** The stream's types that the client has asked for, in the order of pushes. */
  types(): readonly TypeStream<Request>[] {
    return PUSH_ORDER.flatMap((typeUrl) => this.#types.get(typeUrl) ?? []).filter(
      ({ subscription }) => subscription !== undefined,
    );
  }

  /** By type URL; types the client has not asked for are left out. */
  status(): ReadonlyMap<ResourceType, TypeStatus> {
    return new Map(
      this.types().map((type) => [
        type.typeUrl,
        statusOfType(type, this.#snapshot === undefined || !this.#isSettled(type, this.#snapshot)),
      ]),
    );
  }

  #flush(): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined || this.#hasAll(snapshot)) return;
    // A client that refused its listeners or routes still runs the ones before, and needs their clusters.
    const mayRemove = [this.#listeners, this.#routes].every(
      (type) => this.#isSettled(type, snapshot) && type.answers.rejection === undefined,
    );
    this.#push(this.#clusters, snapshot, !mayRemove);
    this.#push(this.#endpoints, snapshot, !mayRemove || !this.#isSettled(this.#clusters, snapshot));
    const waiting = [this.#listeners, this.#routes].some((type) => type.isPending(snapshot, this.#complete));
    if (waiting && !this.#holdIsOver && this.#isUpstreamMissing(snapshot)) {
      this.#holdTimer ??= this.#options.clock.setTimer(MAX_HOLD_MS, () => {
        this.#holdTimer = undefined;
        this.#holdIsOver = true;
        this.#flush();
      });
      return;
    }
    this.#holdTimer?.cancel();
    this.#holdTimer = undefined;
    if (!waiting) this.#holdIsOver = false;
    this.#push(this.#listeners, snapshot);
    // Routes go when no listener can refer to them.
    this.#push(this.#routes, snapshot, !this.#isSettled(this.#listeners, snapshot));
  }

  /** Most changes concern few streams: this is all that they cost the others. */
  #hasAll(snapshot: Snapshot): boolean {
    if (this.#holdTimer !== undefined || this.#holdIsOver) return false;
    for (const type of this.#types.values()) if (!this.#isSettled(type, snapshot)) return false;
    return true;
  }

  #push(type: TypeStream<Request>, snapshot: Snapshot, keepRemoved = false): void {
    const response = type.next(
      snapshot,
      String(this.#responses + 1),
      keepRemoved ? this.#keeping : this.#complete,
    );
    if (response === undefined) return;
    this.#responses += 1;
    this.#options.send(response, type.typeUrl);
  }

  #isSettled(type: TypeStream<Request>, snapshot: Snapshot): boolean {
    return type.answers.inFlight === undefined && !type.isPending(snapshot, this.#complete);
  }

  /** Whether the client still lacks clusters, or endpoints of clusters, that new listeners and routes may refer to. */
  #isUpstreamMissing(snapshot: Snapshot): boolean {
    const clusters = this.#clusters;
    const endpoints = this.#endpoints;
    if (clusters.answers.inFlight?.adds || clusters.isPending(snapshot, this.#keeping)) return true;
    const names = endpoints.subscription?.names;
    // Only endpoints the client never had make a cluster unusable; a stream of changes must not starve routes.
    if (names === undefined) return false;
    if (endpoints.answers.introduces) return true;
    for (const name of names) {
      if (!endpoints.told.has(name) && !endpoints.withheld.has(name)) return true;
    }
    // Clusters just accepted are about to be followed by a subscription to their endpoints.
    if (clusters.answers.rejection !== undefined) return false;
    const existing = snapshot.types[TYPE_CLUSTER].resources;
    for (const name of clusters.told.keys()) {
      const references = existing.get(name)?.references ?? [];
      if (references.some((to) => !names.has(to.name))) return true;
    }
    return false;
  }
}
