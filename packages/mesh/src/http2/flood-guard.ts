import type { ConnectionOptions } from './options.js';
import { TokenBucket } from './token-bucket.js';

/** A limit whose passing ends the connection, by the name of the option that sets it. */
export type LimitName =
  | 'glitchBurst'
  | 'maxContinuationFrames'
  | 'maxFrameBytes'
  | 'maxHeaderListBytes'
  | 'maxQueuedControlFrames'
  | 'maxQueuedFrames'
  | 'maxQueuedHeaderBytes'
  | 'maxSettingsEntries'
  | 'provokedResetBurst'
  | 'resetBurst';

/** What the peer did too much of, for the debug data of GOAWAY and for logs. */
export const LIMIT_MESSAGES: Readonly<Record<LimitName, string>> = {
  glitchBurst: 'too many frames that carry nothing',
  maxContinuationFrames: 'too many CONTINUATION frames',
  maxFrameBytes: 'a frame is longer than SETTINGS_MAX_FRAME_SIZE',
  maxHeaderListBytes: 'the header block is too long',
  maxQueuedControlFrames: 'too many answers wait to be read',
  maxQueuedFrames: 'too many frames wait to be read',
  maxQueuedHeaderBytes: 'too many header blocks wait to be read',
  maxSettingsEntries: 'too many entries in a SETTINGS frame',
  provokedResetBurst: 'too many streams had to be reset',
  resetBurst: 'too many RST_STREAM frames',
};

/** WINDOW_UPDATE frames that need no explanation by traffic: Envoy's allowance. */
const FREE_WINDOW_UPDATES = 5;
const WINDOW_UPDATES_PER_STREAM = 2;
const WINDOW_UPDATES_PER_DATA_FRAME = 20;

/**
 * Counts what a peer can do at little cost to itself, and remembers which limit it passed. Each method takes
 * one event in and returns false when it is one too many.
 */
export class FloodGuard {
  /** The first limit that was passed. */
  limitHit: LimitName | undefined = undefined;
  readonly #nowMs: () => number;
  readonly #resets: TokenBucket;
  readonly #provokedResets: TokenBucket;
  readonly #glitches: TokenBucket;
  #windowUpdates = 0;
  #explainedWindowUpdates = FREE_WINDOW_UPDATES;

  constructor(options: ConnectionOptions, nowMs: () => number) {
    const now = nowMs();
    this.#nowMs = nowMs;
    this.#resets = new TokenBucket(options.resetBurst, options.resetsPerSecond, now);
    this.#provokedResets = new TokenBucket(options.provokedResetBurst, options.provokedResetsPerSecond, now);
    this.#glitches = new TokenBucket(options.glitchBurst, options.glitchesPerSecond, now);
  }

  /** The peer reset a stream. */
  reset(): boolean {
    return this.#resets.take(this.#nowMs()) || this.hit('resetBurst');
  }

  /** The peer made us reset a stream. */
  provokedReset(): boolean {
    return this.#provokedResets.take(this.#nowMs()) || this.hit('provokedResetBurst');
  }

  /** The peer sent a frame that moves nothing forward. */
  glitch(): boolean {
    return this.#glitches.take(this.#nowMs()) || this.hit('glitchBurst');
  }

  /** The peer sent WINDOW_UPDATE; more of them than our traffic explains are glitches. */
  windowUpdate(): boolean {
    return ++this.#windowUpdates <= this.#explainedWindowUpdates || this.glitch();
  }

  /** A stream began: window updates are to be expected. */
  streamOpened(): void {
    this.#explainedWindowUpdates += WINDOW_UPDATES_PER_STREAM;
  }

  /** We sent DATA: window updates are to be expected. */
  dataSent(): void {
    this.#explainedWindowUpdates += WINDOW_UPDATES_PER_DATA_FRAME;
  }

  /** Notes that a limit was passed. */
  hit(limit: LimitName): false {
    this.limitHit ??= limit;
    return false;
  }
}
