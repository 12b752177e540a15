import { ENDED, RESET_BY_US } from './closed-streams.js';
import { ConnectionSender } from './connection-sender.js';
import {
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  NO_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
} from './error-code.js';
import { FLAG_ACK, readUint31, readUint32 } from './frame.js';
import { MAX_WINDOW_BYTES } from './settings.js';
import type { Http2Stream } from './stream.js';

const SETTING_BYTES = 6;

/** What arrives about streams and the connection, apart from messages themselves. */
export abstract class ConnectionControl<Owner> extends ConnectionSender<Owner> {
  /** Streams of the peer up to this one were ignored, because they came after our GOAWAY. */
  protected lastIgnoredStreamId = 0;
  /** Requests refused because too many were open. */
  refusedStreams = 0;
  #settingsSeen = false;
  #settingsAcknowledged = false;
  #goawaySeen = false;

  /** The peer has acknowledged our settings. */
  get settingsAcknowledged(): boolean {
    return this.#settingsAcknowledged;
  }

  /** The peer has proved that it speaks HTTP/2: its preface is complete. */
  get established(): boolean {
    return this.#settingsSeen;
  }

  protected onPriority(id: number, chunk: Buffer, start: number, end: number): void {
    if (id === 0) return this.fail(PROTOCOL_ERROR, 'PRIORITY on stream 0');
    const stream = this.streams.get(id);
    if (end - start !== 5) {
      // 6.3: "a stream error of type FRAME_SIZE_ERROR"; RST_STREAM may not be sent on an idle stream (6.4).
      if (stream !== undefined) return this.streamError(stream, FRAME_SIZE_ERROR);
      return this.fail(FRAME_SIZE_ERROR, 'PRIORITY is not 5 octets long');
    }
    if (readUint31(chunk, start) === id) {
      // RFC 7540 5.3.1: "A stream cannot depend on itself."
      if (stream !== undefined) return this.streamError(stream, PROTOCOL_ERROR);
      return this.fail(PROTOCOL_ERROR, 'a stream depends on itself');
    }
    this.glitch();
  }

  protected onRstStream(id: number, chunk: Buffer, start: number, end: number): void {
    if (id === 0) return this.fail(PROTOCOL_ERROR, 'RST_STREAM on stream 0');
    if (end - start !== 4) return this.fail(FRAME_SIZE_ERROR, 'RST_STREAM is not 4 octets long');
    if (this.isIdle(id)) return this.fail(PROTOCOL_ERROR, 'RST_STREAM on an idle stream');
    if (this.role === 'server' && !this.guard.reset()) return void this.failLimit('resetBurst');
    const stream = this.streams.get(id);
    if (stream !== undefined) return this.endEarly(stream, readUint32(chunk, start), true, ENDED);
    // It may have crossed ours; a server that says it on and on is counted all the same.
    if (this.role === 'client') this.glitch();
  }

  protected onSettings(flags: number, id: number, chunk: Buffer, start: number, end: number): void {
    if (id !== 0) return this.fail(PROTOCOL_ERROR, 'SETTINGS on a stream');
    const length = end - start;
    if ((flags & FLAG_ACK) !== 0) return this.#onSettingsAck(length);
    if (length % SETTING_BYTES !== 0)
      return this.fail(FRAME_SIZE_ERROR, 'SETTINGS is not a multiple of 6 octets long');
    if (length / SETTING_BYTES > this.options.maxSettingsEntries)
      return void this.failLimit('maxSettingsEntries');
    if (this.#settingsSeen && !this.glitch()) return;
    const windowBefore = this.peer.initialWindowBytes;
    for (let at = start; at < end; at += SETTING_BYTES) {
      const code = this.peer.set((chunk[at]! << 8) | chunk[at + 1]!, readUint32(chunk, at + 2));
      if (code !== NO_ERROR) return this.fail(code, 'a value in SETTINGS is out of its range');
    }
    this.#settingsSeen = true;
    this.writer.setEncoderTableBytes(Math.min(this.peer.headerTableBytes, this.options.encoderTableBytes));
    this.writer.settingsAck();
    if (!this.countAnswer()) return;
    this.#adjustWindows(this.peer.initialWindowBytes - windowBefore);
    if (!this.failed) this.handler.onSettings();
  }

  protected onPing(flags: number, id: number, chunk: Buffer, start: number, end: number): void {
    if (id !== 0) return this.fail(PROTOCOL_ERROR, 'PING on a stream');
    if (end - start !== 8) return this.fail(FRAME_SIZE_ERROR, 'PING is not 8 octets long');
    if ((flags & FLAG_ACK) !== 0 && this.pingsUnderWay > 0) {
      this.pingsUnderWay--;
      return this.handler.onPong();
    }
    if (!this.glitch() || (flags & FLAG_ACK) !== 0) return;
    this.writer.pong(chunk, start);
    this.countAnswer();
  }

  protected onGoaway(id: number, chunk: Buffer, start: number, end: number): void {
    if (id !== 0) return this.fail(PROTOCOL_ERROR, 'GOAWAY on a stream');
    if (end - start < 8) return this.fail(FRAME_SIZE_ERROR, 'GOAWAY is shorter than 8 octets');
    if (this.#goawaySeen && !this.glitch()) return;
    this.#goawaySeen = true;
    const lastStreamId = readUint31(chunk, start);
    this.noteGoawayReceived();
    this.handler.onGoaway(
      lastStreamId,
      readUint32(chunk, start + 4),
      chunk.toString('latin1', start + 8, end),
    );
    if (this.role === 'server') return;
    // 6.8: streams with higher identifiers "were not or will not be processed" and can be retried elsewhere.
    for (const stream of [...this.streams.values()]) {
      if (stream.id > lastStreamId && !stream.closed)
        this.endEarly(stream, REFUSED_STREAM, true, RESET_BY_US);
    }
  }

  protected onWindowUpdate(id: number, chunk: Buffer, start: number, end: number): void {
    if (end - start !== 4) return this.fail(FRAME_SIZE_ERROR, 'WINDOW_UPDATE is not 4 octets long');
    if (!this.guard.windowUpdate()) return void this.failLimit('glitchBurst');
    const increment = readUint31(chunk, start);
    if (id === 0) {
      // 6.9: "errors on the connection flow-control window MUST be treated as a connection error".
      if (increment === 0) return this.fail(PROTOCOL_ERROR, 'WINDOW_UPDATE of 0');
      if (this.sendWindow + increment > MAX_WINDOW_BYTES)
        return this.fail(FLOW_CONTROL_ERROR, "the connection's window overflows");
      this.sendWindow += increment;
      return this.resumeQueue();
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) this.fail(PROTOCOL_ERROR, 'WINDOW_UPDATE on an idle stream');
      return;
    }
    if (increment === 0) return this.streamError(stream, PROTOCOL_ERROR);
    if (stream.sendWindow + increment > MAX_WINDOW_BYTES) return this.streamError(stream, FLOW_CONTROL_ERROR);
    stream.sendWindow += increment;
    this.resumeStream(stream);
  }

  /** Our settings are in force on the peer's side. */
  protected abstract onSettingsInForce(): void;

  /** The stream was never opened, by either side. */
  protected isIdle(id: number): boolean {
    if (this.isPeerStream(id)) return id > this.lastPeerStreamId && id > this.lastIgnoredStreamId;
    return this.isUnopened(id);
  }

  /** The peer broke a rule on this stream: reset it, tell its owner, and count how often that happens. */
  protected streamError(stream: Http2Stream<Owner>, errorCode: number): void {
    if (!this.guard.provokedReset()) return void this.failLimit('provokedResetBurst');
    this.writer.reset(stream.id, errorCode);
    if (this.countAnswer()) this.endEarly(stream, errorCode, false, RESET_BY_US);
  }

  /** The stream is over before its time. */
  protected endEarly(stream: Http2Stream<Owner>, errorCode: number, byPeer: boolean, ending: number): void {
    // First, so that what the handler does with the stream in `onReset` comes to nothing.
    stream.closed = true;
    this.handler.onReset(stream, errorCode, byPeer);
    this.forget(stream, ending);
  }

  /** The peer sent a frame that moves nothing forward; false when it was one too many. */
  protected glitch(): boolean {
    return this.guard.glitch() || this.failLimit('glitchBurst');
  }

  /** An answer to a frame of the peer was written; false when too many wait. */
  protected countAnswer(): boolean {
    return (
      ++this.writer.queuedControlFrames <= this.options.maxQueuedControlFrames ||
      this.failLimit('maxQueuedControlFrames')
    );
  }

  #onSettingsAck(length: number): void {
    if (length !== 0) return this.fail(FRAME_SIZE_ERROR, 'SETTINGS ACK with a payload');
    // 3.4: the preface's SETTINGS "MUST be the first frame".
    if (!this.#settingsSeen) return this.fail(PROTOCOL_ERROR, 'the first frame is an acknowledgement');
    if (this.#settingsAcknowledged) return void this.glitch();
    this.#settingsAcknowledged = true;
    this.onSettingsInForce();
  }

  /** 6.9.2: "a receiver MUST adjust the size of all stream flow-control windows that it maintains by the difference". */
  #adjustWindows(difference: number): void {
    if (difference === 0) return;
    for (const stream of this.streams.values()) {
      stream.sendWindow += difference;
      if (stream.sendWindow > MAX_WINDOW_BYTES)
        return this.fail(FLOW_CONTROL_ERROR, 'SETTINGS_INITIAL_WINDOW_SIZE makes a window overflow');
    }
    if (difference < 0) return;
    for (const stream of [...this.streams.values()]) this.resumeStream(stream);
  }
}
