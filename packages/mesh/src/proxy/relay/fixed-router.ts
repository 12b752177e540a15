import type { ForwardDecision } from '@weir/core';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { RelayContext } from './relay-context.js';
import type { OpenStream, RequestRouter, RoutedRequest } from './router.js';

const MAX_CACHED = 1024;

/** Sends every request of a connection to one cluster, whatever it says of where it wants to go. */
export class FixedRouter implements RequestRouter {
  readonly #context: RelayContext;
  readonly #cluster: string;
  readonly #decision: ForwardDecision;
  readonly #openFor: (path: string) => OpenStream;
  readonly #countedAs: string | undefined;
  readonly #cache = new Map<HeaderField, RoutedRequest>();

  /**
   * @param openFor - for each path: makes what takes a request to it
   * @param countedAs - the method that metrics name; default: each path
   */
  constructor(
    context: RelayContext,
    cluster: string,
    openFor: (path: string) => OpenStream,
    countedAs?: string,
  ) {
    this.#context = context;
    this.#cluster = cluster;
    this.#decision = straightTo(cluster);
    this.#openFor = openFor;
    this.#countedAs = countedAs;
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
    const method = this.#countedAs ?? (query === -1 ? path : path.slice(0, query));
    return {
      decision: this.#decision,
      policy: undefined,
      target: this.#cluster,
      metrics: this.#context.metrics.method('', method),
      open: this.#openFor(path),
    };
  }
}

function straightTo(cluster: string): ForwardDecision {
  return {
    kind: 'forward',
    cluster,
    routeName: '',
    virtualHost: '',
    path: { kind: 'prefix', value: '/' },
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
