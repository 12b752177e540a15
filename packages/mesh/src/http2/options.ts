/**
 * Everything about a connection that can be set. Defaults are for a mesh: between trusted pods, many
 * streams, small messages.
 */
export interface ConnectionOptions {
  /** Streams a peer may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS). Default 1000; Envoy 1024, Go 250. */
  readonly maxConcurrentStreams: number;
  /**
   * Receive window of a stream in bytes (SETTINGS_INITIAL_WINDOW_SIZE), at least 65 535. Default 256 KiB.
   * It is what one stalled stream can hold in this process.
   */
  readonly streamWindowBytes: number;
  /** Receive window of the connection in bytes, at least 65 535. Default 1 MiB, as Linkerd and Go have it. */
  readonly connectionWindowBytes: number;
  /** Largest frame we accept (SETTINGS_MAX_FRAME_SIZE). Default 16 384, the protocol's own. */
  readonly maxFrameBytes: number;
  /** Largest decoded header list in bytes, RFC 9113 6.5.2 counting (SETTINGS_MAX_HEADER_LIST_SIZE). Default 64 KiB; Envoy 60 KiB. */
  readonly maxHeaderListBytes: number;
  /** Most fields in one header block. Default 128, as Node has it; Envoy 100. */
  readonly maxHeaderFields: number;
  /** Most CONTINUATION frames behind one HEADERS frame. Default 8, as nghttp2 (CVE-2024-28182). */
  readonly maxContinuationFrames: number;
  /** Most entries in one SETTINGS frame. Default 32, as nghttp2. */
  readonly maxSettingsEntries: number;
  /** Dynamic table for decoding in bytes (SETTINGS_HEADER_TABLE_SIZE). Default 4096, the protocol's own. */
  readonly decoderTableBytes: number;
  /** Most the encoder will use of what the peer offers, in bytes. Default 4096. */
  readonly encoderTableBytes: number;
  /** RST_STREAM frames a peer may send: burst, then this many a second. Default 1000 and 33, as nghttp2 (CVE-2023-44487). */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /** Streams we may have to reset because of the peer's errors: burst, then a second. Default 500 and 1 (CVE-2025-8671). */
  readonly provokedResetBurst: number;
  readonly provokedResetsPerSecond: number;
  /**
   * Frames that move nothing forward: PING, SETTINGS, PRIORITY, repeated GOAWAY, 1xx responses, unknown
   * frames, empty DATA, HEADERS and a server's RST_STREAM on closed streams, and WINDOW_UPDATE beyond what the
   * traffic explains: burst, then a second. Default 10 000 and 330, nghttp2's "glitch" rate.
   */
  readonly glitchBurst: number;
  readonly glitchesPerSecond: number;
  /** Answers (PING and SETTINGS ACK, RST_STREAM) waiting to be written. Default 1000, as Envoy and nghttp2 (CVE-2019-9512). */
  readonly maxQueuedControlFrames: number;
  /** HEADERS and RST_STREAM written while the peer reads nothing. Default 10 000, Envoy's max_outbound_frames (CVE-2019-9517). */
  readonly maxQueuedFrames: number;
  /** Octets of the header blocks among them. Default 4 MiB: `maxQueuedFrames` alone would let 64 KiB each wait. */
  readonly maxQueuedHeaderBytes: number;
  /**
   * Highest stream id of a client, after which another connection has to take over. Default 2^31-1, the
   * protocol's own (RFC 9113 5.1.1).
   */
  readonly largestStreamId: number;
}

export const DEFAULT_CONNECTION_OPTIONS: ConnectionOptions = {
  maxConcurrentStreams: 1000,
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 1024 * 1024,
  maxFrameBytes: 16_384,
  maxHeaderListBytes: 64 * 1024,
  maxHeaderFields: 128,
  maxContinuationFrames: 8,
  maxSettingsEntries: 32,
  decoderTableBytes: 4096,
  encoderTableBytes: 4096,
  resetBurst: 1000,
  resetsPerSecond: 33,
  provokedResetBurst: 500,
  provokedResetsPerSecond: 1,
  glitchBurst: 10_000,
  glitchesPerSecond: 330,
  maxQueuedControlFrames: 1000,
  maxQueuedFrames: 10_000,
  maxQueuedHeaderBytes: 4 * 1024 * 1024,
  largestStreamId: 0x7fffffff,
};
