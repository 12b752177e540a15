import {
  type Decision,
  decide,
  decisionCacheable,
  decideWithin,
  explain,
  type Explanation,
  findVirtualHost,
  type VirtualHost,
} from '@weir/core';
import type { MethodMetrics } from '../../admin/request-metrics.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { DownstreamConnection } from './downstream-connection.js';
import type { RelayContext } from './relay-context.js';
import { policyOf, type RequestPolicy } from './request-policy.js';
import { RequestView } from './request-view.js';
import type { StreamOwner } from './stream-owner.js';

/** Where a request goes, with what is needed on the way. */
export interface RoutedRequest {
  readonly decision: Decision;
  /** What the decision asks for beside one endpoint of its cluster. */
  readonly policy: RequestPolicy | undefined;
  /** Whose routes were looked at: the request's `:authority`, or what its connection was made for. */
  readonly target: string;
  readonly metrics: MethodMetrics;
  /** Makes what takes the request; default: an exchange with an endpoint. */
  readonly open?: OpenStream | undefined;
}

export type OpenStream = (
  downstream: DownstreamConnection,
  stream: Http2Stream<StreamOwner>,
  request: HeaderBlock,
  routed: RoutedRequest,
  endStream: boolean,
) => StreamOwner;

/** Decides for the requests of one connection. */
export interface RequestRouter {
  /** To be called with a request that has a `:path`. */
  route(request: HeaderBlock): RoutedRequest;
  /** Why it goes there, for whoever may know. */
  explain?(request: HeaderBlock, routed: RoutedRequest): Explanation | undefined;
}

/** What is known of requests with one path. */
interface CachedPath {
  readonly authority: HeaderField | undefined;
  readonly configVersion: number;
  /** Where they all go; `undefined` when rules look at more than path and authority, or chance has a say. */
  readonly only: RoutedRequest | undefined;
  readonly virtualHost: VirtualHost;
  readonly target: string;
  /** Where they have gone, by what was decided. */
  readonly byDecision: Map<Decision, RoutedRequest>;
}

const MAX_CACHED = 1024;

/** What a message repeats of a caller's path or authority: a few octets of HPACK must not cost thousands each time. */
const MAX_QUOTED_CHARS = 200;

/**
 * Decides for the requests of one connection. Header fields are interned, so a repeated request is
 * recognised by the identity of its path and authority, and its decision reused while the configuration
 * stays and no rule of that host looks at anything else.
 */
export class Router implements RequestRouter {
  readonly #context: RelayContext;
  readonly #port: number;
  readonly #destination: string;
  readonly #fixed: boolean;
  readonly #countedAs: string | undefined;
  readonly #cache = new Map<HeaderField, CachedPath>();

  /**
   * @param port - the Service port that the connection was meant for
   * @param destination - `host:port` that the caller dialled; its routes apply when nobody answers to the
   *   request's own `:authority`
   * @param fixed - its routes apply whatever the `:authority`: a local port that stands for one service
   * @param countedAs - the method that metrics name; default: each path, as gRPC's are few
   */
  constructor(context: RelayContext, port: number, destination: string, fixed: boolean, countedAs?: string) {
    this.#context = context;
    this.#port = port;
    this.#destination = destination;
    this.#fixed = fixed;
    this.#countedAs = countedAs;
  }

  route(request: HeaderBlock): RoutedRequest {
    const path = request.path!;
    const { configVersion } = this.#context.config;
    const cached = this.#cache.get(path);
    if (
      cached === undefined ||
      cached.configVersion !== configVersion ||
      (cached.authority !== request.authority && !this.#fixed)
    )
      return this.#decide(request, path, configVersion);
    const { only, virtualHost, target, byDecision } = cached;
    if (only !== undefined) return only;
    const decision = decideWithin(virtualHost, new RequestView(request, target), this.#context.random);
    return byDecision.get(decision) ?? this.#routeTo(decision, path, target, byDecision);
  }

  explain(request: HeaderBlock, { target }: RoutedRequest): Explanation | undefined {
    const table = this.#context.config.route(this.#port);
    return table && explain(new RequestView(request, target), table);
  }

  #decide(request: HeaderBlock, path: HeaderField, configVersion: number): RoutedRequest {
    const { config, clock, random, metrics } = this.#context;
    const table = config.route(this.#port);
    if (table === undefined) {
      const decision: Decision = { kind: 'no-route', reason: 'no-virtual-host', virtualHost: '' };
      return { decision, policy: undefined, target: this.#destination, metrics: metrics.method('', '') };
    }
    let authority = request.authority?.value ?? request.host?.value ?? '';
    if (this.#fixed || findVirtualHost(table, authority) === undefined) authority = this.#destination;
    const virtualHost = findVirtualHost(table, authority);
    const byDecision = new Map<Decision, RoutedRequest>();
    const decision = decide(new RequestView(request, authority), table, clock, random);
    const routed = this.#routeTo(decision, path, authority, byDecision);
    if (virtualHost !== undefined) {
      if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
      const only = decisionCacheable(virtualHost) ? routed : undefined;
      const { authority: field } = request;
      this.#cache.set(path, {
        authority: field,
        configVersion,
        only,
        virtualHost,
        target: authority,
        byDecision,
      });
    }
    return routed;
  }

  #routeTo(
    decision: Decision,
    path: HeaderField,
    target: string,
    byDecision: Map<Decision, RoutedRequest>,
  ): RoutedRequest {
    const { config, metrics } = this.#context;
    const service = decision.kind === 'forward' ? (config.cluster(decision.cluster)?.service ?? '') : '';
    const query = path.value.indexOf('?');
    const method = this.#countedAs ?? (query === -1 ? path.value : path.value.slice(0, query));
    const routed = {
      decision,
      policy: policyOf(decision),
      target,
      metrics: metrics.method(service, service === '' ? '' : method),
    };
    byDecision.set(decision, routed);
    return routed;
  }
}

/** Why a request has no route, in words for the caller. */
export function describeNoRoute({ decision, target }: RoutedRequest, request: HeaderBlock): string {
  return decision.kind === 'no-route' && decision.reason === 'no-matching-route'
    ? `no route of "${clip(target)}" matches ${clip(request.path!.value)}`
    : `no service answers to "${clip(target)}"`;
}

function clip(text: string): string {
  return text.length <= MAX_QUOTED_CHARS ? text : `${text.slice(0, MAX_QUOTED_CHARS)}...`;
}
