/** What can be set about the relay. */
export interface RelayOptions {
  /**
   * Request bytes kept for sending the request again, while no response has begun. A longer request is sent
   * once. Default 64 KiB, as Linkerd.
   */
  readonly replayBytes: number;
  /** Bytes that the stalled streams of one connection may hold together before the whole connection is slowed. Default 16 MiB. */
  readonly maxQueuedBytes: number;
  /** Times a request that was refused (REFUSED_STREAM) is sent again. Default 2. */
  readonly maxRefusedRetries: number;
  /** Connections to one endpoint; further streams wait. Default 10, as gRFC A105. */
  readonly maxConnectionsPerHost: number;
  /** Streams on a connection are assumed to be limited to this until the endpoint has said its limit. Default 100. */
  readonly assumedConcurrentStreams: number;
  /** Silence on a connection with open streams after which it is probed with PING, in milliseconds. Default 5 minutes, what gRPC servers tolerate. */
  readonly keepaliveTimeMs: number;
  /** How long to wait for the answer, in milliseconds. Default 20 s, as gRPC. */
  readonly keepaliveTimeoutMs: number;
  /** Pause before an unreachable endpoint is dialled again, in milliseconds: first, longest; each 1.6 times the one before, as gRPC. Default 1 s, 30 s. */
  readonly reconnectBaseMs: number;
  readonly reconnectCapMs: number;
}

export const DEFAULT_RELAY_OPTIONS: RelayOptions = {
  replayBytes: 64 * 1024,
  maxQueuedBytes: 16 * 1024 * 1024,
  maxRefusedRetries: 2,
  maxConnectionsPerHost: 10,
  assumedConcurrentStreams: 100,
  keepaliveTimeMs: 300_000,
  keepaliveTimeoutMs: 20_000,
  reconnectBaseMs: 1000,
  reconnectCapMs: 30_000,
};
