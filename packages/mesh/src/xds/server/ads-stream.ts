import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Clock, Timer } from '@weir/core';
import type { Logger } from '../../system/logger.js';
import type { Node } from '../generated/envoy.config.core.v3.js';
import { shortTypeName, type ResourceType } from '../type-urls.js';
import type { Rejection } from './answers.js';
import { maxResponseBytes } from './client-limits.js';
import type { PushMetrics } from './push-metrics.js';
import type { SnapshotSource } from './snapshot-source.js';
import { SubscriptionEngine, type SubscriptionEngineOptions } from './subscription-engine.js';
import { userAgentOf } from './user-agent.js';

export interface AdsStreamOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PushMetrics;
  readonly snapshotFor: (node: Node) => SnapshotSource;
  readonly onNack: (typeUrl: ResourceType, rejection: Rejection, node: Node) => void;
  /** Breaks the client's connection. */
  readonly cutOff: () => void;
}

export type AdsCall<Request> = ServerDuplexStream<Request, Buffer>;

interface AdsRequest {
  readonly node?: Node | undefined;
  readonly typeUrl?: string | undefined;
}

/** A client that takes nothing for so long is cut off: what is held for it serves nobody. */
const STALLED_MS = 30_000;

/** One open stream, in either variant: its gRPC call, its engine, and the configuration its client was found to need. */
export class AdsStream<Request extends AdsRequest = AdsRequest> {
  readonly call: AdsCall<Request>;
  readonly #options: AdsStreamOptions;
  readonly #createType: SubscriptionEngineOptions<Request>['createType'];
  #node: Node | undefined;
  #engine: SubscriptionEngine<Request> | undefined;
  #unwatch: (() => void) | undefined;
  #unsent = 0;
  #stallTimer: Timer | undefined;

  constructor(
    call: AdsCall<Request>,
    options: AdsStreamOptions,
    createType: SubscriptionEngineOptions<Request>['createType'],
  ) {
    this.call = call;
    this.#options = options;
    this.#createType = createType;
  }

  /** Undefined until the client has said who it is. */
  get node(): Node | undefined {
    return this.#node;
  }

  get engine(): SubscriptionEngine<Request> | undefined {
    return this.#engine;
  }

  receive(request: Request): void {
    const engine = this.#engine ?? this.#open(request.node ?? {});
    engine.receive(request);
  }

  close(): void {
    this.#unwatch?.();
    this.#engine?.stop();
    this.#stallTimer?.cancel();
  }

  /** xDS protocol: "only the first request on a stream is guaranteed to carry the node identifier". */
  #open(node: Node): SubscriptionEngine<Request> {
    const { clock, logger, metrics, snapshotFor } = this.#options;
    this.#node = node;
    logger.debug('an xDS client connected', { node: node.id, agent: userAgentOf(node) });
    const engine = new SubscriptionEngine<Request>({
      clock,
      createType: this.#createType,
      maxResponseBytes: maxResponseBytes(node),
      send: (response, typeUrl) => this.#send(response, typeUrl),
      onAnswer: (typeUrl, latencyMs, rejection) => {
        metrics.answered(typeUrl, latencyMs, rejection === undefined);
        if (rejection !== undefined) this.#refused(typeUrl, rejection, node);
      },
    });
    this.#engine = engine;
    const source = snapshotFor(node);
    const push = (): void => {
      const snapshot = source.current();
      if (snapshot !== undefined) engine.update(snapshot);
    };
    this.#unwatch = source.onChange(push);
    push();
    return engine;
  }

  #send(response: Buffer, typeUrl: ResourceType): void {
    this.#options.metrics.sent(typeUrl, response.length);
    this.#unsent += 1;
    this.#stallTimer ??= this.#options.clock.setTimer(STALLED_MS, () => this.#stalled());
    this.call.write(response, () => {
      this.#unsent -= 1;
      this.#stallTimer?.cancel();
      this.#stallTimer =
        this.#unsent === 0 ? undefined : this.#options.clock.setTimer(STALLED_MS, () => this.#stalled());
    });
  }

  #stalled(): void {
    const { logger, metrics, cutOff } = this.#options;
    metrics.stalledTotal += 1;
    logger.warn('an xDS client does not read and is cut off', {
      node: this.#node?.id,
      peer: this.call.getPeer(),
      seconds: STALLED_MS / 1000,
    });
    cutOff();
  }

  #refused(typeUrl: ResourceType, rejection: Rejection, node: Node): void {
    this.#options.logger.warn('a client refused its configuration and stays with the one before', {
      node: node.id ?? '',
      type: shortTypeName(typeUrl),
      version: rejection.version,
      field: rejection.field,
      message: rejection.message,
    });
    this.#options.onNack(typeUrl, rejection, node);
  }
}
