import type { ForwardDecision } from '@weir/core';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { RelayContext } from '../relay/relay-context.js';
import type { OpenStream, RequestRouter, RoutedRequest } from '../relay/router.js';
import { InboundExchange } from './inbound-exchange.js';

const MAX_CACHED = 1024;

/** Sends every request of a connection to the application, whatever it says of where it wants to go. */
export class InboundRouter implements RequestRouter {
  readonly #context: RelayContext;
  readonly #application: string;
  readonly #decision: ForwardDecision;
  readonly #open: OpenStream;
  readonly #cache = new Map<HeaderField, RoutedRequest>();

  /** @param application - its address, as `Applications.admit` named it */
  constructor(context: RelayContext, application: string) {
    this.#context = context;
    this.#application = application;
    this.#decision = straightTo(application);
    this.#open = (downstream, stream, request, routed, endStream) =>
      new InboundExchange(context, downstream, stream, request, routed, endStream);
  }

  route({ path }: HeaderBlock): RoutedRequest {
    const cached = this.#cache.get(path!);
    if (cached !== undefined) return cached;
    const routed = this.#route(path!.value);
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    this.#cache.set(path!, routed);
    return routed;
  }

  #route(path: string): RoutedRequest {
    const query = path.indexOf('?');
    const method = query === -1 ? path : path.slice(0, query);
    return {
      decision: this.#decision,
      policy: undefined,
      target: this.#application,
      metrics: this.#context.metrics.method('', method),
      open: this.#open,
    };
  }
}

function straightTo(cluster: string): ForwardDecision {
  return {
    kind: 'forward',
    cluster,
    routeName: '',
    virtualHost: '',
    path: { kind: 'prefix', value: '/', ignoreCase: false },
    timeoutMs: 0,
    maxGrpcTimeoutMs: 0,
    maxStreamDurationMs: 0,
    idleTimeoutMs: 0,
    retry: undefined,
    hedging: undefined,
    mirrors: [],
    pathRewrite: undefined,
    hostRewrite: undefined,
    hash: [],
    fault: undefined,
    rateLimit: undefined,
    requestHeaders: [],
    responseHeaders: [],
  };
}
