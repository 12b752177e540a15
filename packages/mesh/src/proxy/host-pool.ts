/** The connections to one upstream host, as the configuration and the admin pages see them. */
export interface HostPool {
  /** Takes no new request; every connection closes when its last stream has ended. */
  drain(): void;
  /** Closes every connection at once. */
  destroy(): void;
  /** Open now. */
  readonly connections: number;
  /** Streams open now. */
  readonly activeStreams: number;
  /** Requests waiting for a connection. */
  readonly pendingStreams: number;
}

/** The connections of HTTP/1.1 to one upstream host. */
export interface Http1Pool extends HostPool {
  /** The last dial failed a moment ago: other hosts are to be preferred. */
  readonly unreachable: boolean;
}
