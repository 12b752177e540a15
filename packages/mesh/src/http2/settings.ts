import type { ConnectionRole } from './connection-shared.js';
import { FLOW_CONTROL_ERROR, NO_ERROR, PROTOCOL_ERROR } from './error-code.js';
import type { ConnectionOptions } from './options.js';

/** Identifiers of settings (RFC 9113 section 6.5.2). */
export const SETTINGS_HEADER_TABLE_SIZE = 0x1;
export const SETTINGS_ENABLE_PUSH = 0x2;
export const SETTINGS_MAX_CONCURRENT_STREAMS = 0x3;
export const SETTINGS_INITIAL_WINDOW_SIZE = 0x4;
export const SETTINGS_MAX_FRAME_SIZE = 0x5;
export const SETTINGS_MAX_HEADER_LIST_SIZE = 0x6;

/** RFC 9113 6.9.2: "both the connection and the stream flow-control windows [start] at 65,535 octets". */
export const DEFAULT_WINDOW_BYTES = 65_535;
/** RFC 9113 6.9.1: "A sender MUST NOT allow a flow-control window to exceed 2^31-1 octets." */
export const MAX_WINDOW_BYTES = 0x7fffffff;
export const DEFAULT_FRAME_BYTES = 16_384;
/** RFC 9113 6.5.2: "The initial value is 4,096 octets." */
export const DEFAULT_TABLE_BYTES = 4096;
const LARGEST_FRAME_BYTES = 16_777_215;

/** What the peer allows us; starts with the protocol's initial values. */
export class PeerSettings {
  headerTableBytes = DEFAULT_TABLE_BYTES;
  enablePush = true;
  /** `Infinity` until the peer says otherwise: RFC 9113 6.5.2 "Initially, there is no limit to this value." */
  maxConcurrentStreams = Infinity;
  initialWindowBytes = DEFAULT_WINDOW_BYTES;
  maxFrameBytes = DEFAULT_FRAME_BYTES;
  maxHeaderListBytes = Infinity;
  readonly #role: ConnectionRole;

  /** @param role - ours, not the peer's */
  constructor(role: ConnectionRole) {
    this.#role = role;
  }

  /** Takes one value in; returns NO_ERROR, or the code of the connection error it is. Unknown ones are ignored (6.5.2). */
  set(id: number, value: number): number {
    switch (id) {
      case SETTINGS_HEADER_TABLE_SIZE:
        this.headerTableBytes = value;
        return NO_ERROR;
      case SETTINGS_ENABLE_PUSH:
        // 6.5.2: "A client MUST treat receipt of a SETTINGS frame with SETTINGS_ENABLE_PUSH set to 1 as a connection
        // error (Section 5.4.1) of type PROTOCOL_ERROR."
        if (value > (this.#role === 'client' ? 0 : 1)) return PROTOCOL_ERROR;
        this.enablePush = value === 1;
        return NO_ERROR;
      case SETTINGS_MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        return NO_ERROR;
      case SETTINGS_INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW_BYTES) return FLOW_CONTROL_ERROR;
        this.initialWindowBytes = value;
        return NO_ERROR;
      case SETTINGS_MAX_FRAME_SIZE:
        if (value < DEFAULT_FRAME_BYTES || value > LARGEST_FRAME_BYTES) return PROTOCOL_ERROR;
        this.maxFrameBytes = value;
        return NO_ERROR;
      case SETTINGS_MAX_HEADER_LIST_SIZE:
        this.maxHeaderListBytes = value;
        return NO_ERROR;
      default:
        return NO_ERROR;
    }
  }
}

/** The settings that we announce: those that differ from the protocol's initial values. */
export function ownSettings(role: ConnectionRole, options: ConnectionOptions): [id: number, value: number][] {
  const values: [number, number][] = [
    [SETTINGS_INITIAL_WINDOW_SIZE, options.streamWindowBytes],
    [SETTINGS_MAX_HEADER_LIST_SIZE, options.maxHeaderListBytes],
  ];
  if (role === 'client') values.push([SETTINGS_ENABLE_PUSH, 0]);
  else values.push([SETTINGS_MAX_CONCURRENT_STREAMS, options.maxConcurrentStreams]);
  if (options.maxFrameBytes !== DEFAULT_FRAME_BYTES)
    values.push([SETTINGS_MAX_FRAME_SIZE, options.maxFrameBytes]);
  if (options.decoderTableBytes !== DEFAULT_TABLE_BYTES)
    values.push([SETTINGS_HEADER_TABLE_SIZE, options.decoderTableBytes]);
  return values;
}
