import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ACK,
  CANCEL,
  continuation,
  DATA,
  data,
  ENABLE_PUSH,
  END_HEADERS,
  END_STREAM,
  endHeaders,
  FLOW_CONTROL_ERROR,
  frame,
  FRAME_SIZE_ERROR,
  GOAWAY,
  goaway,
  HEADERS,
  headers,
  INITIAL_WINDOW_SIZE,
  MAX_FRAME_SIZE,
  NO_ERROR,
  PADDED,
  paddedData,
  PING,
  ping,
  PRIORITY,
  priority,
  PROTOCOL_ERROR,
  pushPromise,
  REFUSED_STREAM,
  RST_STREAM,
  rstStream,
  SETTINGS,
  settings,
  settingsAck,
  WINDOW_UPDATE,
  windowUpdate,
} from '../../../support/raw-frames/frame.js';
import { block } from '../../../support/raw-frames/hpack-writer.js';
import type { RawPeer } from '../../../support/raw-frames/raw-peer.js';
import {
  expectAlive,
  expectAnswer,
  expectConnectionError,
  expectPong,
  expectReset,
  expectStreamError,
} from '../expect.js';
import { get, post } from '../request.js';
import { acceptNext, expectCutOff, expectNoAnswer, nextRequest, type UpstreamTarget } from './exchange.js';

const OK = block([':status', '200']);
const MAX_WINDOW = 0x7fffffff;

export function wrongFrames(target: UpstreamTarget): void {
  /** One wrong frame from the server in the middle of a request: a connection error. */
  const refused = (name: string, code: number, ...bytes: readonly Buffer[]) => {
    it(name, async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(...bytes);
      await expectConnectionError(endpoint, code);
      await expectNoAnswer(caller);
    });
  };

  describe('RFC 9113 6.1 to 6.4 DATA, HEADERS, PRIORITY, RST_STREAM', () => {
    // Each of these: "the recipient MUST respond with a connection error of type PROTOCOL_ERROR."
    refused('6.1: refuses DATA on stream 0', PROTOCOL_ERROR, data(0, 'x'));
    refused('6.2: refuses HEADERS on stream 0', PROTOCOL_ERROR, headers(0, OK));
    refused('6.3: refuses PRIORITY on stream 0', PROTOCOL_ERROR, priority(0));
    refused('6.4: refuses RST_STREAM on stream 0', PROTOCOL_ERROR, rstStream(0, CANCEL));
    // 6.2: "If the length of the padding is the length of the frame payload or greater, the recipient MUST treat this as
    // a connection error of type PROTOCOL_ERROR."
    refused(
      '6.2: refuses HEADERS with more padding than payload',
      PROTOCOL_ERROR,
      frame(HEADERS, PADDED | END_HEADERS, 1, Buffer.concat([Buffer.of(OK.length + 2), OK])),
    );
    // 6.4: "A RST_STREAM frame with a length other than 4 octets MUST be treated as a connection error of type
    // FRAME_SIZE_ERROR."
    refused(
      '6.4: refuses RST_STREAM of 3 octets',
      FRAME_SIZE_ERROR,
      frame(RST_STREAM, 0, 1, Buffer.alloc(3)),
    );

    it('6.1: refuses DATA with more padding than payload', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(headers(1, OK), frame(DATA, PADDED, 1, Buffer.from('\u0006Test', 'latin1')));
      await expectConnectionError(endpoint, PROTOCOL_ERROR);
      await expectCutOff(caller);
    });

    it('6.1: takes the padding away before it passes content on', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(headers(1, OK), paddedData(1, 'te', 100), paddedData(1, 'st', 0, END_STREAM));
      assert.equal(await expectAnswer(caller, 1), 'test');
    });

    // 8.1: "zero or more DATA frames containing the message content" follow the header section.
    it('6.1: refuses DATA before the header of the response', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(data(1, 'early'));
      await expectStreamError(endpoint, 1, PROTOCOL_ERROR);
      await expectNoAnswer(caller);
    });

    // 6.3: "A PRIORITY frame with a length other than 5 octets MUST be treated as a stream error of type
    // FRAME_SIZE_ERROR."
    it('6.3: refuses PRIORITY of 4 octets and ignores one of 5', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(priority(1), priority(99), frame(PRIORITY, 0, 1, Buffer.alloc(4)));
      await expectStreamError(endpoint, 1, FRAME_SIZE_ERROR);
      await expectNoAnswer(caller);
    });

    // 6.4 and 7: the caller learns why; "Unknown or unsupported error codes MUST NOT trigger any special behavior."
    for (const code of [CANCEL, 2, 0x77]) {
      it(`6.4: passes RST_STREAM with code ${code} on to the caller`, async () => {
        const { endpoint, caller } = await target.exchange();
        endpoint.send(headers(1, OK), data(1, 'half'), rstStream(1, code));
        await expectReset(caller, 1, code);
      });
    }
  });

  describe('RFC 9113 6.5 SETTINGS', () => {
    refused('refuses ACK with a payload', FRAME_SIZE_ERROR, frame(SETTINGS, ACK, 0, Buffer.of(0)));
    refused(
      'refuses SETTINGS on a stream',
      PROTOCOL_ERROR,
      frame(SETTINGS, 0, 1, Buffer.of(0, 3, 0, 0, 0, 9)),
    );
    refused('refuses SETTINGS of 3 octets', FRAME_SIZE_ERROR, frame(SETTINGS, 0, 0, Buffer.of(0, 3, 0)));
    // 6.5.2: "A client MUST treat receipt of a SETTINGS frame with SETTINGS_ENABLE_PUSH set to 1 as a connection error of
    // type PROTOCOL_ERROR."
    refused('6.5.2: refuses a server that says ENABLE_PUSH 1', PROTOCOL_ERROR, settings([ENABLE_PUSH, 1]));
    refused('6.5.2: refuses ENABLE_PUSH 2', PROTOCOL_ERROR, settings([ENABLE_PUSH, 2]));
    refused(
      '6.5.2: refuses a window of 2^31',
      FLOW_CONTROL_ERROR,
      settings([INITIAL_WINDOW_SIZE, 0x80000000]),
    );
    refused('6.5.2: refuses a frame size of 2^14 - 1', PROTOCOL_ERROR, settings([MAX_FRAME_SIZE, 16_383]));
    refused('6.5.2: refuses a frame size of 2^24', PROTOCOL_ERROR, settings([MAX_FRAME_SIZE, 16_777_216]));

    // "Once all values have been processed, the recipient MUST immediately emit a SETTINGS frame with the ACK flag set."
    it('6.5.3: acknowledges SETTINGS in the middle of a request', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(settings([ENABLE_PUSH, 0]), settings(), settingsAck());
      for (let acks = 0; acks < 2; acks++)
        await endpoint.until('ACK', ({ type, flags }) => type === SETTINGS && (flags & ACK) !== 0);
      endpoint.send(endHeaders(1, OK));
      assert.equal(await expectAnswer(caller, 1), '');
    });
  });

  describe('RFC 9113 6.6 PUSH_PROMISE', () => {
    // "An endpoint that has set this setting and has received acknowledgment MUST treat the receipt of a PUSH_PROMISE
    // frame as a connection error of type PROTOCOL_ERROR."
    refused('refuses a promise although push is off', PROTOCOL_ERROR, pushPromise(1, 2, get()));
  });

  describe('RFC 9113 6.7 PING', () => {
    it('answers PING with its payload', async () => {
      const { endpoint } = await target.exchange();
      endpoint.send(ping('12345678'));
      await expectPong(endpoint, '12345678');
    });
    refused('refuses PING on a stream', PROTOCOL_ERROR, frame(PING, 0, 1, Buffer.alloc(8)));
    refused('refuses PING of 7 octets', FRAME_SIZE_ERROR, frame(PING, 0, 0, Buffer.alloc(7)));
  });

  describe('RFC 9113 6.10 CONTINUATION', () => {
    refused('refuses CONTINUATION without HEADERS', PROTOCOL_ERROR, continuation(1, OK));
    refused(
      'refuses CONTINUATION behind END_HEADERS',
      PROTOCOL_ERROR,
      headers(1, block([':status', '100'])),
      continuation(1, OK),
    );
    refused(
      'refuses CONTINUATION of another stream',
      PROTOCOL_ERROR,
      headers(1, OK, END_STREAM),
      continuation(3, Buffer.alloc(0)),
    );
  });

  describe('RFC 9113 6.8 GOAWAY', () => {
    refused('refuses GOAWAY on a stream', PROTOCOL_ERROR, frame(GOAWAY, 0, 1, Buffer.alloc(8)));
    refused('refuses GOAWAY of 7 octets', FRAME_SIZE_ERROR, frame(GOAWAY, 0, 0, Buffer.alloc(7)));
  });
}

export function goingAway(target: UpstreamTarget): void {
  describe('RFC 9113 6.8 GOAWAY and 8.7 Request Reliability', () => {
    const answer = async (caller: RawPeer, callerId: number, content: string): Promise<void> => {
      const next = await acceptNext(target);
      const { streamId } = await nextRequest(next);
      next.send(headers(streamId, OK), data(streamId, content, END_STREAM));
      assert.equal(await expectAnswer(caller, callerId), content);
    };

    // "activity on streams numbered lower than or equal to the last stream identifier might still complete
    // successfully."
    it('lets a request end that GOAWAY includes', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(goaway(1, NO_ERROR), headers(1, OK), data(1, 'kept', END_STREAM));
      assert.equal(await expectAnswer(caller, 1), 'kept');
    });

    // "Receivers of a GOAWAY frame MUST NOT open additional streams on the connection, although a new connection can be
    // established for new streams."
    it('opens no stream after GOAWAY and takes another connection', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(goaway(1, NO_ERROR));
      await expectAlive(endpoint);
      caller.send(endHeaders(3, get()));
      await answer(caller, 3, 'elsewhere');
      endpoint.send(headers(1, OK), data(1, 'first', END_STREAM));
      await caller.until('the first answer', ({ type, streamId }) => type === DATA && streamId === 1);
      assert.equal(endpoint.wire.filter(({ type }) => type === HEADERS).length, 1);
    });

    // 8.7: "The GOAWAY frame indicates the highest stream number that might have been processed. Requests on streams with
    // higher numbers are therefore guaranteed to be safe to retry."
    it('sends a request again that GOAWAY leaves out', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(goaway(0, NO_ERROR));
      await answer(caller, 1, 'again');
    });

    // 8.7: "The REFUSED_STREAM error code can be included in a RST_STREAM frame to indicate that the stream is being
    // closed prior to any processing having occurred. Any request that was sent on the reset stream can be safely
    // retried."
    it('sends a request again that was refused with REFUSED_STREAM', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(rstStream(1, REFUSED_STREAM));
      const { streamId } = await nextRequest(endpoint);
      endpoint.send(headers(streamId, OK), data(streamId, 'again', END_STREAM));
      assert.equal(await expectAnswer(caller, 1), 'again');
    });

    // 8.7: "In general, an HTTP client is unable to retry a non-idempotent request when an error occurs because there is
    // no means to determine the nature of the error."
    it('does not send a request again whose fate is unknown', async () => {
      const { endpoint, caller } = await target.exchange(
        Buffer.concat([headers(1, post()), data(1, 'once', END_STREAM)]),
      );
      await endpoint.until('DATA', ({ type }) => type === DATA);
      endpoint.destroy();
      await expectNoAnswer(caller);
      await assert.rejects(target.server.accept(100), /no connection within/);
    });
  });
}

export function flowControl(target: UpstreamTarget): void {
  const octets = (endpoint: RawPeer) =>
    endpoint.wire.filter(({ type }) => type === DATA).reduce((sum, { payload }) => sum + payload.length, 0);
  /** A request with 100 octets of content, in one frame. */
  const upload = () => Buffer.concat([headers(1, post()), data(1, 'x'.repeat(100), END_STREAM)]);

  describe('RFC 9113 6.9 WINDOW_UPDATE and flow control', () => {
    // 6.9: "errors on the connection flow-control window MUST be treated as a connection error."
    for (const [name, code, bytes] of [
      ['an increment of 0', PROTOCOL_ERROR, windowUpdate(0, 0)],
      ['a connection window above 2^31-1', FLOW_CONTROL_ERROR, windowUpdate(0, MAX_WINDOW)],
      ['a frame of 5 octets', FRAME_SIZE_ERROR, frame(WINDOW_UPDATE, 0, 0, Buffer.alloc(5))],
    ] as const) {
      it(`refuses ${name}`, async () => {
        const { endpoint, caller } = await target.exchange();
        endpoint.send(bytes);
        await expectConnectionError(endpoint, code);
        await expectNoAnswer(caller);
      });
    }

    // "A receiver MUST treat the receipt of a WINDOW_UPDATE frame with a flow-control window increment of 0 as a stream
    // error of type PROTOCOL_ERROR".
    it('refuses an increment of 0 on a stream', async () => {
      const { endpoint, caller } = await target.exchange(headers(1, post()));
      endpoint.send(windowUpdate(1, 0));
      await expectReset(endpoint, 1, PROTOCOL_ERROR);
      await expectNoAnswer(caller);
    });

    it('refuses a stream window above 2^31-1', async () => {
      const { endpoint, caller } = await target.exchange(headers(1, post()));
      endpoint.send(windowUpdate(1, MAX_WINDOW));
      await expectReset(endpoint, 1, FLOW_CONTROL_ERROR);
      await expectNoAnswer(caller);
    });

    // 6.9.1: "The sender MUST NOT send a flow-controlled frame with a length that exceeds the space available in either
    // of the flow-control windows advertised by the receiver."
    it('6.9.1: sends no more than the window of the stream', async () => {
      const { endpoint } = await target.exchange(upload(), [INITIAL_WINDOW_SIZE, 30]);
      await expectAlive(endpoint);
      assert.equal(octets(endpoint), 30);
      endpoint.send(windowUpdate(1, 69));
      await endpoint.until('more', ({ type }) => type === DATA && octets(endpoint) === 99);
      endpoint.send(windowUpdate(1, 5));
      await endpoint.until('the end', ({ type, flags }) => type === DATA && (flags & END_STREAM) !== 0);
      assert.equal(octets(endpoint), 100);
    });

    it('6.9.1: sends no more than the window of the connection', async () => {
      const content = Array.from({ length: 6 }, (_, at) =>
        data(1, Buffer.alloc(16_384), at === 5 ? END_STREAM : 0),
      );
      const { endpoint } = await target.exchange(Buffer.concat([headers(1, post()), ...content]), [
        INITIAL_WINDOW_SIZE,
        1_000_000,
      ]);
      await endpoint.until('DATA', ({ type }) => type === DATA && octets(endpoint) >= 65_535);
      await expectAlive(endpoint);
      assert.equal(octets(endpoint), 65_535);
      endpoint.send(windowUpdate(0, 100_000));
      await endpoint.until('the end', ({ type, flags }) => type === DATA && (flags & END_STREAM) !== 0);
      assert.equal(octets(endpoint), 6 * 16_384);
    });

    // 6.9.2: "A sender MUST track the negative flow-control window and MUST NOT send new flow-controlled frames until it
    // receives WINDOW_UPDATE frames that cause the flow-control window to become positive."
    it('6.9.2: lets SETTINGS make the window negative', async () => {
      const { endpoint } = await target.exchange(upload(), [INITIAL_WINDOW_SIZE, 50]);
      await endpoint.until('DATA', ({ type }) => type === DATA && octets(endpoint) === 50);
      endpoint.send(settings([INITIAL_WINDOW_SIZE, 40]), windowUpdate(1, 10));
      await expectAlive(endpoint);
      assert.equal(octets(endpoint), 50);
      endpoint.send(windowUpdate(1, 7));
      await endpoint.until('DATA', ({ type }) => type === DATA && octets(endpoint) === 57);
    });

    it('6.9.2: refuses SETTINGS that make the window of an open stream overflow', async () => {
      const { endpoint, caller } = await target.exchange(headers(1, post()));
      endpoint.send(windowUpdate(1, MAX_WINDOW - 65_535), settings([INITIAL_WINDOW_SIZE, 65_536]));
      await expectConnectionError(endpoint, FLOW_CONTROL_ERROR);
      await expectNoAnswer(caller);
    });

    // "A receiver MAY respond with a stream error or connection error of type FLOW_CONTROL_ERROR if it is unable to
    // accept a frame."
    it('refuses a response beyond the window that it gave while the caller takes nothing', async () => {
      const { endpoint } = await target.exchange(
        Buffer.concat([settings([INITIAL_WINDOW_SIZE, 0]), endHeaders(1, get())]),
      );
      const own = endpoint.wire[0]?.payload ?? Buffer.alloc(0);
      let window = 65_535;
      for (let at = 0; at < own.length; at += 6) {
        if (own.readUInt16BE(at) === INITIAL_WINDOW_SIZE) window = own.readUInt32BE(at + 2);
      }
      const frames = Math.floor(window / 16_384) + 1;
      endpoint.send(headers(1, OK), ...Array.from({ length: frames }, () => data(1, Buffer.alloc(16_384))));
      await expectStreamError(endpoint, 1, FLOW_CONTROL_ERROR);
    });
  });
}
