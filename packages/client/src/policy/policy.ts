import type { LoadReport } from '@weir/core';

/** How far a connection, or a whole policy, has come; gRPC's connectivity states. */
export type ConnectionState = 'idle' | 'connecting' | 'ready' | 'failed';

/** What a resolver says of an endpoint beyond its addresses. */
export interface EndpointDetails {
  readonly weight: number;
  /** `region/zone/subzone`; empty when unknown. */
  readonly locality: string;
  /** Name of the pod; empty when unknown. */
  readonly pod: string;
}

/** An endpoint as grpc-js hands it to a policy. */
export interface ResolvedEndpoint {
  /** `10.0.0.7:50051`, an IPv6 host in brackets; of several addresses the first. */
  readonly address: string;
  readonly details: EndpointDetails;
  /** grpc-js' own object, with all its addresses. */
  readonly origin: object;
}

/** What a policy may know of a call that it picks for. */
export interface PickRequest {
  /** Values of a metadata field, joined by commas; `undefined` when it is not there. */
  header(name: string): string | undefined;
  /** The hash that an xDS route has computed, in decimal. */
  readonly routeHash: string | undefined;
}

/** The connection to one endpoint. */
export interface Leaf {
  readonly state: ConnectionState;
  /** Begins to connect, or to connect again after the connection was lost. */
  connect(): void;
  /**
   * Makes a unary call with an empty message over the connection there is. `onEnd` comes later, at most once.
   *
   * @returns gives the call up, after which nothing comes; `undefined` when there is no connection
   */
  ask(path: string, timeoutMs: number, onEnd: EndHandler): (() => void) | undefined;
  destroy(): void;
}

/** @param trailer looks up a field of the trailers */
export type EndHandler = (grpcCode: number, trailer: TrailerLookup) => void;

export type TrailerLookup = (name: string) => string | Uint8Array | undefined;

/** Hears what becomes of an attempt: nothing at all, or `started`, perhaps `answered`, and `ended`. */
export interface AttemptObserver {
  /**
   * The stream is open.
   *
   * @param method `/package.Service/Method`, empty when unknown
   */
  started(method: string): void;
  /** The first header of the response is here. */
  answered(): void;
  ended(grpcCode: number, trailer: TrailerLookup): void;
}

/** What a policy says to a call: wait, fail with this message, or go to that host. */
export type Verdict<Host> = 'wait' | { readonly failure: string } | Host;

/** What a policy may ask of the channel it works for. */
export interface PolicyChannel {
  /** The target as the user wrote it; empty where grpc-js does not say. */
  readonly target: string;
  createLeaf(endpoint: ResolvedEndpoint, onChange: (error: string | undefined) => void): Leaf;
  /**
   * Tells the channel the state, and has the calls that wait picked for again.
   *
   * @param error why it has failed
   */
  publish(state: ConnectionState, error?: string): void;
  /** Asks the resolver to look again. */
  requestResolution(): void;
}

/** A balancing policy without a word of grpc-js in it. */
export interface Policy<Config, Host extends { readonly leaf: Leaf }> {
  /** @returns whether the endpoints can be used */
  update(endpoints: readonly ResolvedEndpoint[], config: Config, note: string): boolean;
  /** The resolver has failed; what is known stays in force. */
  resolutionFailed(details: string): void;
  pick(request: PickRequest): Verdict<Host>;
  /** An attempt is about to be made at a host that was picked. */
  begin(host: Host): AttemptObserver;
  connect(): void;
  describe(): PolicyDescription;
  destroy(): void;
}

/** How a policy is known to grpc-js. */
export interface PolicyType<Config, Host extends { readonly leaf: Leaf }> {
  /** As in service config: `weir_p2c_ewma`. */
  readonly name: string;
  /** @throws {Error} naming the field at fault */
  parse(json: object): Config;
  create(channel: PolicyChannel): Policy<Config, Host>;
}

/** What `inspect` and `snapshot` say of a policy. */
export interface PolicyDescription {
  readonly policy: string;
  readonly config: object;
  readonly endpoints: readonly EndpointDescription[];
  /** Attempts ended, by gRPC status. */
  readonly attemptsByCode: Readonly<Record<string, number>>;
  /** Calls that had to wait for a connection, or for probes. */
  readonly waits: number;
}

export interface EndpointDescription {
  readonly address: string;
  readonly pod: string;
  readonly locality: string;
  readonly state: ConnectionState;
  readonly weight: number;
  readonly inFlight: number;
  readonly started: number;
  readonly failed: number;
  /** Peak EWMA of the latency; `undefined` as long as none is known, or when the policy does not measure. */
  readonly latencyMs: number | undefined;
  /** What its failures add to the latency in comparisons; `undefined` likewise. */
  readonly penaltyMs: number | undefined;
  /** What it last said of itself. */
  readonly load: LoadReport | undefined;
}
