import type { Clock } from '@weir/core';
import type { DiscoveryRequest } from '../generated/envoy.service.discovery.v3.js';
import type { Snapshot } from '../snapshot.js';
import type { ResourceType } from '../type-urls.js';
import { Answers, type InFlight } from './answers.js';
import { firstBatch } from './batch.js';
import {
  changedResources,
  isSame,
  onlySubscribed,
  sizeOf,
  wholeSet,
  type ResourceMap,
} from './difference.js';
import { encodeResponse } from './response.js';
import {
  concerns,
  isSameSubscription,
  isSubset,
  isWholeSet,
  nextSubscription,
  type Subscription,
} from './subscription.js';
import type { Told } from './told.js';
import type { RequestKind, ResponseRules, TypeStream } from './type-stream.js';

/** A type in the state-of-the-world variant. */
export class SotwType implements TypeStream<DiscoveryRequest> {
  readonly typeUrl: ResourceType;
  readonly answers: Answers;
  readonly #isWholeSet: boolean;
  #subscription: Subscription | undefined;
  #sent: ResourceMap = new Map();
  #answerDue = false;
  /** Version of the type with which the client is up to date. */
  #settledWith: string | undefined;
  #withheld: ReadonlyMap<string, number> = new Map();

  constructor(typeUrl: ResourceType, clock: Clock) {
    this.typeUrl = typeUrl;
    this.answers = new Answers(clock);
    this.#isWholeSet = isWholeSet(typeUrl);
  }

  get subscription(): Subscription | undefined {
    return this.#subscription;
  }

  get told(): ResourceMap {
    return this.#sent;
  }

  get withheld(): ReadonlyMap<string, number> {
    return this.#withheld;
  }

  receive(request: DiscoveryRequest): RequestKind {
    const nonce = request.responseNonce ?? '';
    const next = nextSubscription(this.#subscription, this.typeUrl, request.resourceNames ?? []);
    // A first request may bear the nonce of an earlier stream, which says nothing about this one. A later request
    // without a nonce was sent before the first response arrived: its names count, it answers nothing.
    const answers = this.#subscription !== undefined && nonce !== '';
    if (answers && nonce !== this.answers.nonce) {
      // The answer to the response in flight repeats the subscription. But what the client let go of in between it has
      // thrown away, and must be sent again if that answer asks for it.
      if (this.answers.inFlight !== undefined) this.#sent = onlySubscribed(this.#sent, next);
      return 'stale';
    }
    this.#subscribe(next);
    if (!answers) return 'subscribe';
    const error = request.errorDetail;
    const answer = this.answers.receive(nonce, error && (error.message ?? ''));
    return answer === 'none' ? 'subscribe' : answer;
  }

  #subscribe(next: Subscription): void {
    const before = this.#subscription;
    if (before !== undefined && isSameSubscription(before, next)) return;
    this.#settledWith = undefined;
    this.#subscription = next;
    // Forgetting what was unsubscribed makes a later subscription to it send it again.
    this.#sent = onlySubscribed(this.#sent, next);
    this.answers.retain((name) => next.wildcard || next.names.has(name));
    const grows =
      before === undefined || (next.wildcard && !before.wildcard) || !isSubset(next.names, before.names);
    // Only a whole set can say "this does not exist", so it answers even when there is nothing new to tell.
    if (grows && this.#isWholeSet) this.#answerDue = true;
  }

  isPending(snapshot: Snapshot, rules: ResponseRules): boolean {
    return this.#pending(snapshot, rules) !== undefined;
  }

  next(snapshot: Snapshot, nonce: string, rules: ResponseRules): Buffer | undefined {
    if (this.answers.inFlight !== undefined) return undefined;
    const pending = this.#pending(snapshot, rules);
    if (pending === undefined) return undefined;
    this.#answerDue = false;
    // The next snapshot may be the one before.
    this.#settledWith = undefined;
    const before = this.#sent;
    const batch = this.#isWholeSet ? pending : firstBatch(pending);
    let { version } = snapshot.types[this.typeUrl];
    if (this.#isWholeSet) {
      // Not the snapshot's content yet, so not its version either.
      const kept = rules.keepRemoved ? countMissing(pending, snapshot.types[this.typeUrl].resources) : 0;
      if (kept > 0) version = `${version}+${kept}`;
      this.#sent = pending;
    } else {
      const sent = new Map(before);
      for (const [name, resource] of batch) sent.set(name, resource);
      this.#sent = sent;
    }
    this.answers.sent({ nonce, version, ...newsIn(batch, before) });
    return encodeResponse(this.typeUrl, version, nonce, batch.values());
  }

  #pending(snapshot: Snapshot, rules: ResponseRules): ResourceMap | undefined {
    const subscription = this.#subscription;
    const set = snapshot.types[this.typeUrl];
    if (subscription === undefined || this.#isSettled(snapshot, subscription)) return undefined;
    const pending = this.#isWholeSet
      ? this.#pendingSet(snapshot, subscription, rules)
      : this.#pendingResources(snapshot, subscription, rules);
    if (pending === undefined && !rules.keepRemoved) this.#settledWith = set.version;
    return pending;
  }

  /** Whether nothing subscribed to has changed since the client was found up to date. */
  #isSettled(snapshot: Snapshot, subscription: Subscription): boolean {
    if (this.#settledWith === undefined || this.#answerDue) return false;
    const { version, changed } = snapshot.types[this.typeUrl];
    if (this.#settledWith === version) return true;
    if (changed?.since !== this.#settledWith || concerns(subscription, changed.names)) return false;
    this.#settledWith = version;
    return true;
  }

  #pendingSet(
    snapshot: Snapshot,
    subscription: Subscription,
    { keepRemoved, maxResponseBytes }: ResponseRules,
  ): ResourceMap | undefined {
    const target = wholeSet(snapshot.types[this.typeUrl].resources, subscription, this.#sent, keepRemoved);
    if (!this.#answerDue && isSame(target, this.#sent)) return undefined;
    if (maxResponseBytes !== Number.POSITIVE_INFINITY) {
      const bytes = sizeOf(target);
      this.#withheld = bytes > maxResponseBytes ? new Map([['*', bytes]]) : new Map();
      if (bytes > maxResponseBytes) return undefined;
    }
    return target;
  }

  #pendingResources(
    snapshot: Snapshot,
    subscription: Subscription,
    { maxResponseBytes }: ResponseRules,
  ): ResourceMap | undefined {
    const changed = changedResources(snapshot, this.typeUrl, subscription, this.#sent);
    if (maxResponseBytes === Number.POSITIVE_INFINITY) return changed.size > 0 ? changed : undefined;
    const fitting = new Map(changed);
    const withheld = new Map<string, number>();
    for (const [name, { entry }] of changed) {
      if (entry.length <= maxResponseBytes) continue;
      withheld.set(name, entry.length);
      fitting.delete(name);
    }
    this.#withheld = withheld;
    return fitting.size > 0 ? fitting : undefined;
  }
}

function newsIn(batch: ResourceMap, before: ResourceMap): Pick<InFlight, 'before' | 'adds'> {
  const news = new Map<string, Told | undefined>();
  for (const [name, { version }] of batch) {
    const told = before.get(name);
    if (told?.version !== version) news.set(name, told);
  }
  return { before: news, adds: news.size > 0 };
}

function countMissing(resources: ResourceMap, from: ResourceMap): number {
  let missing = 0;
  for (const name of resources.keys()) if (!from.has(name)) missing += 1;
  return missing;
}
