/** What can be set about the relay. */
export interface RelayOptions {
  /**
   * Request bytes kept for sending the request again, while no response has begun. A longer request is sent
   * once. Default 64 KiB, as Linkerd.
   */
  readonly replayBytes: number;
  /**
   * Headers of a response that a retry policy holds back until the call is known to go well: of this size at
   * most, counted as RFC 9113 6.5.2 does, and for this long. Larger ones, or those held longer, are passed on,
   * and the call is not made again. Default 16 KiB and 1 s: a stream whose first message is late must not keep
   * its caller waiting for metadata.
   */
  readonly maxHeldHeaderBytes: number;
  readonly heldHeadersTimeoutMs: number;
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
  /**
   * How long an endpoint may take to answer a load probe, in milliseconds. Default 50: the paper's 3 are for
   * machines that do nothing else; a late answer costs nobody anything but the one to the next request.
   */
  readonly probeTimeoutMs: number;
  /** How long a caller may take for its connection preface, in milliseconds. Default 10 s, as Go. */
  readonly prefaceTimeoutMs: number;
  /** How long a peer may take to acknowledge SETTINGS, in milliseconds (RFC 9113 6.5.3). Default 10 s; Go 2 s. */
  readonly settingsAckTimeoutMs: number;
  /**
   * How long a peer may take for the rest of a frame, or of a header block over several frames, in
   * milliseconds. Default 10 s, Node's own is 60 s for the headers of a request.
   */
  readonly frameTimeoutMs: number;
  /**
   * Silence on a caller's stream after which it is ended, in milliseconds; 0 means never. PING and
   * WINDOW_UPDATE don't break it. Default 0: a subscription may be silent for hours, and a stream that stands
   * idle costs little (Envoy's stream_idle_timeout is 5 minutes, which Istio turns off for sidecars).
   */
  readonly streamIdleTimeoutMs: number;
  /**
   * How long bytes may wait for a receiver that takes fewer than `windowStallFloorBytes`, in milliseconds;
   * then the stream is reset; 0 means never. Default 5 minutes, Envoy's stream_idle_timeout: a consumer may
   * pause for a while. The floor in bytes: default 16 KiB, so that a window opened octet by octet does not
   * hold buffers for ever.
   */
  readonly windowStallTimeoutMs: number;
  readonly windowStallFloorBytes: number;
  /**
   * Requests cancelled on one connection to an endpoint: burst, then this many a second. Beyond it the
   * connection takes no more requests, and another is opened. Default 500 and 16, half of what nghttp2 takes
   * from a client before it ends the connection: callers share it, and one that cancels must not cost the
   * others theirs.
   */
  readonly cancelBurst: number;
  readonly cancelsPerSecond: number;
  /**
   * Longest explanation of a call that asks for one with `x-weir-explain: 1`, in octets of the trailer. Default 0:
   * nobody gets any, since it names endpoints and rules.
   */
  readonly explainBytes: number;
}

export const DEFAULT_RELAY_OPTIONS: RelayOptions = {
  replayBytes: 64 * 1024,
  maxHeldHeaderBytes: 16 * 1024,
  heldHeadersTimeoutMs: 1000,
  maxQueuedBytes: 16 * 1024 * 1024,
  maxRefusedRetries: 2,
  maxConnectionsPerHost: 10,
  assumedConcurrentStreams: 100,
  keepaliveTimeMs: 300_000,
  keepaliveTimeoutMs: 20_000,
  reconnectBaseMs: 1000,
  reconnectCapMs: 30_000,
  probeTimeoutMs: 50,
  prefaceTimeoutMs: 10_000,
  settingsAckTimeoutMs: 10_000,
  frameTimeoutMs: 10_000,
  streamIdleTimeoutMs: 0,
  windowStallTimeoutMs: 300_000,
  windowStallFloorBytes: 16 * 1024,
  cancelBurst: 500,
  cancelsPerSecond: 16,
  explainBytes: 0,
};
