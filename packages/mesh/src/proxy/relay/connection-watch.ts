import { ENHANCE_YOUR_CALM, PROTOCOL_ERROR, SETTINGS_TIMEOUT } from '../../http2/error-code.js';
import { StreamProgress } from '../../http2/stream-progress.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Patrolled } from './patrol.js';
import type { RelayOptions } from './relay-options.js';

/** What a peer has taken too long for: the names of options. */
export type ConnectionDelay = 'prefaceTimeoutMs' | 'settingsAckTimeoutMs' | 'frameTimeoutMs';
export type StreamDelay = 'streamIdleTimeoutMs' | 'windowStallTimeoutMs';

export interface WatchEvents<Owner> {
  /** The connection is being ended for it; `onFailure` follows. */
  onConnectionOverdue(delay: ConnectionDelay): void;
  /** How long nothing may move on the stream, in milliseconds; `undefined` for as long as the options say. */
  idleTimeoutMs(stream: Http2Stream<Owner>): number | undefined;
  /** To be answered with the end of the stream. */
  onStreamOverdue(stream: Http2Stream<Owner>, delay: StreamDelay): void;
}

/** What there is to see of a connection; `Http2Connection` has it all. */
export interface WatchedConnection<Owner> {
  readonly failed: boolean;
  readonly established: boolean;
  readonly settingsAcknowledged: boolean;
  readonly unfinished: number;
  openStreams(): Iterable<Http2Stream<Owner>>;
  abort(errorCode: number, message: string): void;
}

/** Watches over what the peer of one connection owes: its preface, the rest of a frame, room for what waits. */
export class ConnectionWatch<Owner> implements Patrolled {
  readonly #connection: WatchedConnection<Owner>;
  readonly #options: RelayOptions;
  readonly #events: WatchEvents<Owner>;
  readonly #begunMs: number;
  #unfinished = 0;
  #unfinishedSinceMs = 0;

  constructor(
    connection: WatchedConnection<Owner>,
    options: RelayOptions,
    events: WatchEvents<Owner>,
    nowMs: number,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#events = events;
    this.#begunMs = nowMs;
  }

  look(nowMs: number): void {
    const connection = this.#connection;
    if (connection.failed) return;
    const { prefaceTimeoutMs, settingsAckTimeoutMs } = this.#options;
    const ageMs = nowMs - this.#begunMs;
    if (!connection.established) {
      if (ageMs >= prefaceTimeoutMs)
        this.#end('prefaceTimeoutMs', PROTOCOL_ERROR, 'the connection preface was not complete');
      return;
    }
    // RFC 9113 6.5.3: "If the sender of a SETTINGS frame does not receive an acknowledgment within a reasonable
    // amount of time, it MAY issue a connection error of type SETTINGS_TIMEOUT."
    if (!connection.settingsAcknowledged && ageMs >= settingsAckTimeoutMs)
      return this.#end('settingsAckTimeoutMs', SETTINGS_TIMEOUT, 'SETTINGS were not acknowledged');
    if (this.#lookAtFrame(nowMs)) return;
    for (const stream of connection.openStreams()) this.#lookAtStream(stream, nowMs);
  }

  /** True when the connection was ended. */
  #lookAtFrame(nowMs: number): boolean {
    const { unfinished } = this.#connection;
    if (unfinished === 0 || unfinished !== this.#unfinished) {
      this.#unfinished = unfinished;
      this.#unfinishedSinceMs = nowMs;
      return false;
    }
    if (nowMs - this.#unfinishedSinceMs < this.#options.frameTimeoutMs) return false;
    this.#end('frameTimeoutMs', ENHANCE_YOUR_CALM, 'a frame or header block was not complete');
    return true;
  }

  #lookAtStream(stream: Http2Stream<Owner>, nowMs: number): void {
    const { streamIdleTimeoutMs, windowStallTimeoutMs, windowStallFloorBytes } = this.#options;
    const progress = (stream.progress ??= new StreamProgress(stream, nowMs));
    // Both are looked at in every round, since both take notes.
    const idleMs = progress.idleMs(stream, nowMs);
    const stalledMs = progress.stalledMs(stream, nowMs, windowStallFloorBytes);
    if (isOver(stalledMs, windowStallTimeoutMs)) this.#events.onStreamOverdue(stream, 'windowStallTimeoutMs');
    else if (isOver(idleMs, this.#events.idleTimeoutMs(stream) ?? streamIdleTimeoutMs))
      this.#events.onStreamOverdue(stream, 'streamIdleTimeoutMs');
  }

  #end(delay: ConnectionDelay, errorCode: number, what: string): void {
    this.#events.onConnectionOverdue(delay);
    this.#connection.abort(errorCode, `${what} within ${this.#options[delay]} ms`);
  }
}

/** A timeout of 0 is never over. */
function isOver(passedMs: number, timeoutMs: number): boolean {
  return timeoutMs > 0 && passedMs >= timeoutMs;
}
