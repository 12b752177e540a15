import type { Clock, Timer } from '@weir/core';
import type { DiscoveryRequest } from '../generated/envoy.service.discovery.v3.js';
import type { Snapshot } from '../snapshot.js';
import {
  PUSH_ORDER,
  TYPE_CLUSTER,
  TYPE_ENDPOINT,
  TYPE_LISTENER,
  TYPE_ROUTE,
  type ResourceType,
} from '../type-urls.js';
import { TypeStream, type Rejection, type RequestKind } from './type-stream.js';

export interface SubscriptionEngineOptions {
  readonly clock: Clock;
  /** Takes an encoded DiscoveryResponse. */
  readonly send: (response: Buffer) => void;
  /** A client refused a response and stays with what it had. */
  readonly onNack?: (typeUrl: ResourceType, rejection: Rejection) => void;
}

/** What a stream's client has of one type. */
export interface TypeStatus {
  /** Names subscribed to; `*` stands for all. */
  readonly subscribed: readonly string[];
  readonly ackedVersion: string;
  /** A response awaits its answer, or more is to be sent. */
  readonly pending: boolean;
  readonly rejection: Rejection | undefined;
}

/** Listeners and routes wait this long for what they refer to, then go without. */
const MAX_HOLD_MS = 2000;

/**
 * One aggregated stream of state-of-the-world xDS, without a socket: requests and snapshots in, responses out.
 *
 * Make before break: clusters, then their endpoints, then listeners and routes once the client has acknowledged the
 * former; clusters that are gone stay in the set until no listener or route can refer to them, i.e. until the client
 * has acknowledged the latest of both. At most one response of each type is in flight.
 */
export class SubscriptionEngine {
  readonly #clock: Clock;
  readonly #send: (response: Buffer) => void;
  readonly #onNack: (typeUrl: ResourceType, rejection: Rejection) => void;
  readonly #clusters = new TypeStream(TYPE_CLUSTER);
  readonly #endpoints = new TypeStream(TYPE_ENDPOINT);
  readonly #listeners = new TypeStream(TYPE_LISTENER);
  readonly #routes = new TypeStream(TYPE_ROUTE);
  readonly #types: ReadonlyMap<string, TypeStream>;
  #snapshot: Snapshot | undefined;
  #responses = 0;
  #holdTimer: Timer | undefined;
  #holdIsOver = false;

  constructor({ clock, send, onNack = () => {} }: SubscriptionEngineOptions) {
    this.#clock = clock;
    this.#send = send;
    this.#onNack = onNack;
    const types = [this.#clusters, this.#endpoints, this.#listeners, this.#routes];
    this.#types = new Map(types.map((type) => [type.typeUrl, type]));
  }

  /** Takes in a request and sends what it makes possible. A type nobody serves is left unanswered. */
  receive(request: DiscoveryRequest): RequestKind | 'unknown-type' {
    const type = this.#types.get(request.typeUrl ?? '');
    if (type === undefined) return 'unknown-type';
    const kind = type.receive(request);
    if (kind === 'nack' && type.rejection !== undefined) this.#onNack(type.typeUrl, type.rejection);
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

  /** By type URL; types the client has not asked for are left out. */
  status(): ReadonlyMap<ResourceType, TypeStatus> {
    const status = new Map<ResourceType, TypeStatus>();
    for (const typeUrl of PUSH_ORDER) {
      const type = this.#types.get(typeUrl);
      if (type?.subscription === undefined) continue;
      const { wildcard, names } = type.subscription;
      status.set(typeUrl, {
        subscribed: wildcard ? ['*', ...names] : [...names],
        ackedVersion: type.ackedVersion,
        pending: this.#snapshot === undefined || !isSettled(type, this.#snapshot),
        rejection: type.rejection,
      });
    }
    return status;
  }

  #flush(): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    // A client that refused its listeners or routes still runs the ones before, and needs their clusters.
    const mayRemove = [this.#listeners, this.#routes].every(
      (type) => isSettled(type, snapshot) && type.rejection === undefined,
    );
    this.#push(this.#clusters, snapshot, !mayRemove);
    this.#push(this.#endpoints, snapshot);
    const waiting = [this.#listeners, this.#routes].some((type) => type.pending(snapshot) !== undefined);
    if (waiting && !this.#holdIsOver && this.#isUpstreamMissing(snapshot)) {
      this.#holdTimer ??= this.#clock.setTimer(MAX_HOLD_MS, () => {
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
    this.#push(this.#routes, snapshot);
  }

  #push(type: TypeStream, snapshot: Snapshot, keepRemoved = false): void {
    const response = type.next(snapshot, String(this.#responses + 1), keepRemoved);
    if (response === undefined) return;
    this.#responses += 1;
    this.#send(response);
  }

  /** Whether the client still lacks clusters, or endpoints of clusters, that new listeners and routes may refer to. */
  #isUpstreamMissing(snapshot: Snapshot): boolean {
    const clusters = this.#clusters;
    const endpoints = this.#endpoints;
    if (clusters.inFlight?.adds || clusters.pending(snapshot, true) !== undefined) return true;
    const names = endpoints.subscription?.names;
    // Only endpoints the client never had make a cluster unusable; a stream of changes must not starve routes.
    if (names === undefined) return false;
    if (endpoints.inFlight?.introduces || [...names].some((name) => !endpoints.sent.has(name))) return true;
    // Clusters just accepted are about to be followed by a subscription to their endpoints.
    if (clusters.rejection !== undefined) return false;
    return [...clusters.sent.values()].some(({ references }) =>
      references.some(({ name }) => !names.has(name)),
    );
  }
}

function isSettled(type: TypeStream, snapshot: Snapshot): boolean {
  return type.inFlight === undefined && type.pending(snapshot) === undefined;
}
