import type { Endpoint } from '@weir/core';
import type { Http2Connection } from '../../http2/connection.js';
import type { UpstreamCall } from '../upstream/upstream-call.js';

/** The byte stream under an HTTP/2 connection: `Http2Socket` over TCP, an array of buffers in tests. */
export interface Wire {
  /** The connection has output, to be written before the event loop goes to sleep. */
  wake(): void;
  /** Writes what there is, then closes. */
  close(): void;
  /** Drops everything at once. */
  destroy(): void;
  /** Bytes read since this was last asked. */
  takeBytesRead(): number;
  /** Bytes written since this was last asked. */
  takeBytesWritten(): number;
}

/** Puts a caller's connection on its wire. `onGone` is called once, when the wire is closed for whatever reason. */
export type Attach<Owner> = (
  connection: Http2Connection<Owner>,
  onGone: (error: Error | undefined) => void,
) => Wire;

/** What becomes of a dialled wire. None of it is called before `Dial` has returned. */
export interface DialEvents {
  /** The endpoint's host has accepted the connection. */
  onOpen(): void;
  /** The endpoint will send nothing more. */
  onEnd(): void;
  /** Called once, when the wire is closed for whatever reason, or could not be opened. */
  onGone(error: Error | undefined): void;
}

/** How a wire is kept that is opened to an endpoint. */
export interface DialSettings {
  /** Silence before TCP's own probes begin, in milliseconds; 0: whatever is good for all. */
  readonly tcpKeepaliveMs: number;
}

/** Opens a wire to an endpoint. */
export type Dial = (
  endpoint: Endpoint,
  connection: Http2Connection<UpstreamCall>,
  settings: DialSettings,
  events: DialEvents,
) => Wire;
