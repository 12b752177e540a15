import type { DiscoveryRequest } from '../generated/envoy.service.discovery.v3.js';
import type { Resource } from '../resource.js';
import type { Snapshot } from '../snapshot.js';
import type { ResourceType } from '../type-urls.js';
import {
  changedResources,
  holdsAll,
  isSame,
  onlySubscribed,
  wholeSet,
  type ResourceMap,
} from './difference.js';
import { encodeResponse } from './response.js';
import {
  isSameSubscription,
  isSubset,
  isWholeSet,
  nextSubscription,
  type Subscription,
} from './subscription.js';

/** What a request turned out to be. A stale one answers a response that another has overtaken: nothing follows from it. */
export type RequestKind = 'subscribe' | 'ack' | 'nack' | 'stale';

/** A version that a client refused, and its reason. */
export interface Rejection {
  readonly version: string;
  readonly message: string;
}

interface InFlight {
  readonly version: string;
  /** Holds something the client did not have; false for a response that only removes. */
  readonly adds: boolean;
  /** Holds something the client had in no version. */
  readonly introduces: boolean;
}

/**
 * One resource type on one stream: what is subscribed to, what the client was sent last and what it said of it.
 * There is no queue: what to send next is the difference between the latest snapshot and what was sent, asked for when
 * the client has answered the response before.
 */
export class TypeStream {
  readonly typeUrl: ResourceType;
  #subscription: Subscription | undefined;
  #sent: ResourceMap = new Map();
  #nonce = '';
  #inFlight: InFlight | undefined;
  #answerDue = false;
  #upToDateWith: Snapshot | undefined;
  #ackedVersion = '';
  #rejection: Rejection | undefined;

  constructor(typeUrl: ResourceType) {
    this.typeUrl = typeUrl;
  }

  get subscription(): Subscription | undefined {
    return this.#subscription;
  }

  /** The last version the client accepted; empty before the first. */
  get ackedVersion(): string {
    return this.#ackedVersion;
  }

  /** What the client refused last; undefined once it has accepted a later response. */
  get rejection(): Rejection | undefined {
    return this.#rejection;
  }

  get inFlight(): InFlight | undefined {
    return this.#inFlight;
  }

  /** What the client was sent last, by name. */
  get sent(): ResourceMap {
    return this.#sent;
  }

  /** Takes in a request of this type. */
  receive(request: DiscoveryRequest): RequestKind {
    const nonce = request.responseNonce ?? '';
    const next = nextSubscription(this.#subscription, this.typeUrl, request.resourceNames ?? []);
    // A first request may bear the nonce of an earlier stream, which says nothing about this one. A later request
    // without a nonce was sent before the first response arrived: its names count, it answers nothing.
    const isFirst = this.#subscription === undefined;
    if (!isFirst && nonce !== '' && nonce !== this.#nonce) {
      // The answer to the response in flight repeats the subscription. But what the client let go of in between it has
      // thrown away, and must be sent again if that answer asks for it.
      if (this.#inFlight !== undefined) this.#sent = onlySubscribed(this.#sent, next);
      return 'stale';
    }
    const answers = !isFirst && nonce !== '' ? this.#inFlight : undefined;
    this.#subscribe(next);
    if (answers === undefined) return 'subscribe';
    this.#inFlight = undefined;
    if (request.errorDetail === undefined) {
      this.#ackedVersion = answers.version;
      this.#rejection = undefined;
      return 'ack';
    }
    this.#rejection = { version: answers.version, message: request.errorDetail.message ?? '' };
    return 'nack';
  }

  #subscribe(next: Subscription): void {
    const before = this.#subscription;
    this.#upToDateWith = undefined;
    if (before !== undefined && isSameSubscription(before, next)) return;
    this.#subscription = next;
    // Forgetting what was unsubscribed makes a later subscription to it send it again.
    this.#sent = onlySubscribed(this.#sent, next);
    const grows =
      before === undefined || (next.wildcard && !before.wildcard) || !isSubset(next.names, before.names);
    // Only a whole set can say "this does not exist", so it answers even when there is nothing new to tell.
    if (grows && isWholeSet(this.typeUrl)) this.#answerDue = true;
  }

  /**
   * What the client lacks of the snapshot, whether or not it may be sent now; undefined if nothing.
   *
   * @param keepRemoved leave in what the client has and the snapshot has not
   */
  pending(snapshot: Snapshot, keepRemoved = false): ResourceMap | undefined {
    const subscription = this.#subscription;
    if (subscription === undefined || this.#upToDateWith === snapshot) return undefined;
    if (isWholeSet(this.typeUrl)) {
      const target = wholeSet(snapshot.types[this.typeUrl].resources, subscription, this.#sent, keepRemoved);
      if (this.#answerDue || !isSame(target, this.#sent)) return target;
    } else {
      const changed = changedResources(snapshot, this.typeUrl, subscription, this.#sent);
      if (changed.size > 0) return changed;
    }
    if (!keepRemoved) this.#upToDateWith = snapshot;
    return undefined;
  }

  /** Builds the next response and counts it as sent; undefined while one is in flight or when nothing is pending. */
  next(snapshot: Snapshot, nonce: string, keepRemoved = false): Buffer | undefined {
    if (this.#inFlight !== undefined) return undefined;
    const pending = this.pending(snapshot, keepRemoved);
    if (pending === undefined) return undefined;
    const snapshotVersion = snapshot.types[this.typeUrl].version;
    const before = this.#sent;
    let version = snapshotVersion;
    let resources: Iterable<Resource> = pending.values();
    if (isWholeSet(this.typeUrl)) {
      // Not the snapshot's content yet, so not its version either.
      const kept = keepRemoved ? countMissing(pending, snapshot.types[this.typeUrl].resources) : 0;
      if (kept > 0) version = `${snapshotVersion}+${kept}`;
      this.#sent = pending;
    } else {
      const batch = firstBatch(pending);
      this.#sent = new Map([...before, ...batch.map((resource) => [resource.name, resource] as const)]);
      resources = batch;
    }
    this.#answerDue = false;
    this.#nonce = nonce;
    this.#inFlight = {
      version,
      adds: !holdsAll(before, this.#sent),
      introduces: [...this.#sent.keys()].some((name) => !before.has(name)),
    };
    return encodeResponse(this.typeUrl, version, nonce, resources);
  }
}

/**
 * A response stays well under the 4 MiB that gRPC clients accept by default. Types that are sent by name need not come
 * whole: the rest follows when this much has been acknowledged.
 */
const MAX_BATCH_BYTES = 1024 * 1024;

function firstBatch(pending: ResourceMap): readonly Resource[] {
  const batch: Resource[] = [];
  let bytes = 0;
  for (const resource of pending.values()) {
    bytes += resource.entry.length;
    if (batch.length > 0 && bytes > MAX_BATCH_BYTES) break;
    batch.push(resource);
  }
  return batch;
}

function countMissing(resources: ResourceMap, from: ResourceMap): number {
  let missing = 0;
  for (const name of resources.keys()) if (!from.has(name)) missing += 1;
  return missing;
}
