import type { Snapshot } from '../snapshot.js';
import type { ResourceType } from '../type-urls.js';
import type { Answers } from './answers.js';
import type { Subscription } from './subscription.js';
import type { Told } from './told.js';

/**
 * What a request turned out to be. A stale one answers a response that another has overtaken: nothing follows from it.
 */
export type RequestKind = 'subscribe' | 'ack' | 'nack' | 'stale';

/** What the next response may leave for later, and how large it may be. */
export interface ResponseRules {
  /** Leave in what the client has and the snapshot has not. */
  readonly keepRemoved: boolean;
  /** A resource, or set that cannot be divided, whose response would be larger is withheld. */
  readonly maxResponseBytes: number;
}

/**
 * One resource type on one stream, in one of the protocol's variants: what is subscribed to, what the client was told
 * last and what it said of it. There is no queue: what to send next is the difference between the latest snapshot and
 * what was sent, asked for when the client has answered the response before.
 */
export interface TypeStream<Request> {
  readonly typeUrl: ResourceType;
  readonly subscription: Subscription | undefined;
  readonly answers: Answers;
  /** What the client was told last, by name. */
  readonly told: ReadonlyMap<string, Told>;
  /** What is too large for the client, with its size in bytes; `*` for the whole set. */
  readonly withheld: ReadonlyMap<string, number>;
  /** Takes in a request of this type. */
  receive(request: Request): RequestKind;
  /** Whether there is something to tell the client, whether or not it may be sent now. */
  isPending(snapshot: Snapshot, rules: ResponseRules): boolean;
  /** Builds the next response and counts it as sent; undefined while one is in flight or when nothing is pending. */
  next(snapshot: Snapshot, nonce: string, rules: ResponseRules): Buffer | undefined;
}

/**
 * A response stays well under the 4 MiB that gRPC clients accept by default. Types that are sent by name need not come
 * whole: the rest follows when this much has been acknowledged.
 */
export const MAX_BATCH_BYTES = 1024 * 1024;
