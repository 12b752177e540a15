import { type ForwardDecision, LOAD_PROBE_PATH } from '@weir/core';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { RelayContext } from '../relay/relay-context.js';
import type { OpenStream, RequestRouter, RoutedRequest } from '../relay/router.js';
import type { Application } from './applications.js';
import { InboundExchange } from './inbound-exchange.js';
import type { LoadAudience } from './load-settings.js';
import { LOAD_STREAM_PATH, LoadStream } from './load-stream.js';
import { ProbeReply } from './probe-reply.js';

const MAX_CACHED = 1024;

/**
 * Sends every request of a connection to the application, whatever it says of where it wants to go, but for
 * questions about its load, which are answered here.
 */
export class InboundRouter implements RequestRouter {
  readonly #context: RelayContext;
  readonly #application: Application;
  readonly #decision: ForwardDecision;
  readonly #cache = new Map<HeaderField, RoutedRequest>();
  readonly #loadStreams: Set<LoadStream>;
  readonly #toApplication: OpenStream;

  /** @param loadStreams - those that are under way */
  constructor(
    context: RelayContext,
    application: Application,
    audience: LoadAudience,
    loadStreams: Set<LoadStream>,
  ) {
    this.#context = context;
    this.#application = application;
    this.#decision = straightTo(application.address);
    this.#loadStreams = loadStreams;
    const { load } = application;
    const announces = audience === 'all';
    this.#toApplication = (downstream, stream, request, routed, endStream) =>
      new InboundExchange(context, downstream, stream, request, routed, endStream, load, announces);
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
    const answersHere = this.#answersHere(path);
    return {
      decision: this.#decision,
      policy: undefined,
      target: this.#application.address,
      metrics: this.#context.metrics.method('', method),
      open: answersHere ?? this.#toApplication,
    };
  }

  #answersHere(path: string): OpenStream | undefined {
    const { load } = this.#application;
    const { counters, clock } = this.#context;
    if (load === undefined) return undefined;
    if (path === LOAD_PROBE_PATH) {
      return (downstream, stream, _request, _routed, endStream) => {
        counters.loadProbesAnswered++;
        return new ProbeReply(downstream, stream, load, endStream);
      };
    }
    if (path !== LOAD_STREAM_PATH) return undefined;
    return (downstream, stream) => new LoadStream(downstream, stream, load, clock, this.#loadStreams);
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
