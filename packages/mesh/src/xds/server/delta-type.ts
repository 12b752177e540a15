import type { Clock } from '@weir/core';
import type { DeltaDiscoveryRequest } from '../generated/envoy.service.discovery.v3.js';
import type { Resource } from '../resource.js';
import type { Snapshot } from '../snapshot.js';
import type { ResourceType } from '../type-urls.js';
import { Answers } from './answers.js';
import { firstBatch } from './batch.js';
import { encodeDeltaResponse } from './response.js';
import { changedSubscription, concerns, type Subscription } from './subscription.js';
import { ABSENT, type Told } from './told.js';
import type { RequestKind, ResponseRules, TypeStream } from './type-stream.js';

interface Pending {
  readonly changed: ReadonlyMap<string, Resource>;
  readonly removed: readonly string[];
}

/** A type in the incremental variant. */
export class DeltaType implements TypeStream<DeltaDiscoveryRequest> {
  readonly typeUrl: ResourceType;
  readonly answers: Answers;
  #subscription: Subscription | undefined;
  readonly #told = new Map<string, Told>();
  /** Names that must be told of, whatever the client has. */
  readonly #owed = new Set<string>();
  #answerDue = false;
  #settledWith: string | undefined;
  #withheld: ReadonlyMap<string, number> = new Map();

  constructor(typeUrl: ResourceType, clock: Clock) {
    this.typeUrl = typeUrl;
    this.answers = new Answers(clock);
  }

  get subscription(): Subscription | undefined {
    return this.#subscription;
  }

  get told(): ReadonlyMap<string, Told> {
    return this.#told;
  }

  get withheld(): ReadonlyMap<string, number> {
    return this.#withheld;
  }

  /** Never stale. xDS protocol: "the server must honor changes to the subscription state even if the nonce is stale". */
  receive(request: DeltaDiscoveryRequest): RequestKind {
    this.#subscribe(request);
    const error = request.errorDetail;
    const answer = this.answers.receive(request.responseNonce ?? '', error && (error.message ?? ''));
    return answer === 'none' ? 'subscribe' : answer;
  }

  #subscribe(request: DeltaDiscoveryRequest): void {
    const {
      resourceNamesSubscribe: subscribe = [],
      resourceNamesUnsubscribe: unsubscribe = [],
      initialResourceVersions = {},
    } = request;
    const before = this.#subscription;
    const next = changedSubscription(before, this.typeUrl, subscribe, unsubscribe);
    this.#subscription = next;
    if (next !== before) this.#settledWith = undefined;
    const has = before === undefined ? Object.entries(initialResourceVersions) : [];
    for (const [name, version] of has) {
      if (next.wildcard || next.names.has(name)) this.#told.set(name, { version });
    }
    for (const name of unsubscribe) this.#unsubscribe(name, before, next);
    if (unsubscribe.length > 0) this.answers.retain((name) => next.wildcard || next.names.has(name));
    for (const name of subscribe) {
      // "The server must still provide those resources … the client may have 'forgotten' those resources".
      if (name !== '*' && name !== '' && initialResourceVersions[name] === undefined) this.#owed.add(name);
    }
    // Who asks for everything and has nothing must hear of it, also that there is nothing.
    if (next.wildcard && before?.wildcard !== true && has.length === 0) this.#answerDue = true;
  }

  #unsubscribe(name: string, before: Subscription | undefined, next: Subscription): void {
    if (name === '*') {
      if (next.wildcard) return;
      for (const known of this.#told.keys()) if (!next.names.has(known)) this.#told.delete(known);
      return;
    }
    if (next.names.has(name)) return;
    this.#owed.delete(name);
    if (!next.wildcard) this.#told.delete(name);
    // "It does not know whether or not to continue to cache the resource": the wildcard may hold it too.
    else if (before?.names.has(name) === true) this.#owed.add(name);
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
    const batch = firstBatch(pending.changed);
    const before = new Map<string, Told | undefined>();
    for (const [name, resource] of batch) {
      before.set(name, this.#told.get(name));
      this.#told.set(name, resource);
      this.#owed.delete(name);
    }
    for (const name of pending.removed) {
      before.set(name, this.#told.get(name) ?? ABSENT);
      // Remembered where the client asked for it by name, so that it is told once.
      if (this.#subscription?.names.has(name)) this.#told.set(name, ABSENT);
      else this.#told.delete(name);
      this.#owed.delete(name);
    }
    const { version } = snapshot.types[this.typeUrl];
    this.answers.sent({ nonce, version, before, adds: batch.size > 0 });
    return encodeDeltaResponse(this.typeUrl, version, nonce, batch.values(), pending.removed);
  }

  #pending(snapshot: Snapshot, rules: ResponseRules): Pending | undefined {
    const subscription = this.#subscription;
    if (subscription === undefined || this.#isSettled(snapshot, subscription)) return undefined;
    const changed = new Map<string, Resource>();
    const removed: string[] = [];
    const withheld = new Map<string, number>();
    const { resources } = snapshot.types[this.typeUrl];
    const consider = (name: string, resource: Resource | undefined): void => {
      const before = this.#told.get(name);
      const owed = this.#owed.has(name);
      if (resource === undefined) {
        const isNews = owed || before?.version !== ABSENT.version;
        if (isNews && (owed || before === undefined || !rules.keepRemoved)) removed.push(name);
      } else if (owed || before?.version !== resource.version) {
        if (resource.entry.length <= rules.maxResponseBytes) changed.set(name, resource);
        else withheld.set(name, resource.entry.length);
      }
    };
    for (const name of subscription.names) consider(name, resources.get(name));
    if (subscription.wildcard) this.#considerAll(resources, subscription, consider);
    this.#withheld = withheld;
    if (changed.size > 0 || removed.length > 0 || this.#answerDue) return { changed, removed };
    if (!rules.keepRemoved) this.#settledWith = snapshot.types[this.typeUrl].version;
    return undefined;
  }

  #considerAll(
    resources: ReadonlyMap<string, Resource>,
    { names }: Subscription,
    consider: (name: string, resource: Resource | undefined) => void,
  ): void {
    for (const [name, resource] of resources) if (!names.has(name)) consider(name, resource);
    for (const name of new Set([...this.#told.keys(), ...this.#owed])) {
      if (!names.has(name) && !resources.has(name)) consider(name, undefined);
    }
  }

  #isSettled(snapshot: Snapshot, subscription: Subscription): boolean {
    if (this.#settledWith === undefined || this.#answerDue || this.#owed.size > 0) return false;
    const { version, changed } = snapshot.types[this.typeUrl];
    if (this.#settledWith === version) return true;
    if (changed?.since !== this.#settledWith || concerns(subscription, changed.names)) return false;
    this.#settledWith = version;
    return true;
  }
}
