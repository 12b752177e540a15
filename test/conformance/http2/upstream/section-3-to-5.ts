import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ACK,
  CANCEL,
  COMPRESSION_ERROR,
  CONTINUATION,
  continuation,
  DATA,
  data,
  ENABLE_PUSH,
  END_HEADERS,
  END_STREAM,
  endHeaders,
  frame,
  FRAME_SIZE_ERROR,
  HEADERS,
  headers,
  INITIAL_WINDOW_SIZE,
  MAX_CONCURRENT_STREAMS,
  MAX_FRAME_SIZE,
  PING,
  ping,
  PROTOCOL_ERROR,
  RST_STREAM,
  rstStream,
  SETTINGS,
  settings,
  STREAM_CLOSED,
  windowUpdate,
} from '../../../support/raw-frames/frame.js';
import { block, indexed, indexing } from '../../../support/raw-frames/hpack-writer.js';
import {
  expectAlive,
  expectAnswer,
  expectConnectionError,
  expectEnd,
  expectReset,
  fieldOf,
} from '../expect.js';
import { get, post } from '../request.js';
import { acceptNext, expectCutOff, expectNoAnswer, nextRequest, type UpstreamTarget } from './exchange.js';

const OK = block([':status', '200']);

export function starting(target: UpstreamTarget): void {
  describe('RFC 9113 3.4 HTTP/2 Connection Preface', () => {
    // "In HTTP/2, each endpoint is required to send a connection preface as a final confirmation of the protocol in use".
    // "This sequence MUST be followed by a SETTINGS frame, which MAY be empty."
    it('begins with the 24 octets, then SETTINGS, then a request in answer to the SETTINGS of the server', async () => {
      const { endpoint } = await target.exchange();
      const [first] = endpoint.wire;
      assert.equal(first?.type, SETTINGS);
      assert.equal(first.flags & ACK, 0);
    });

    it('acknowledges the SETTINGS of the server', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(endHeaders(1, OK));
      await expectAnswer(caller, 1);
      assert.ok(endpoint.wire.some(({ type, flags }) => type === SETTINGS && (flags & ACK) !== 0));
    });

    // "Clients and servers MUST treat an invalid connection preface as a connection error of type PROTOCOL_ERROR. A
    // GOAWAY frame MAY be omitted in this case".
    it('refuses a server whose first frame is not SETTINGS', async () => {
      const caller = await target.caller();
      caller.send(endHeaders(1, get()));
      const endpoint = await target.server.accept();
      endpoint.send(ping('early'), settings());
      await expectEnd(endpoint);
      await expectNoAnswer(caller);
    });

    it('refuses a server that speaks HTTP/1.1', async () => {
      const caller = await target.caller();
      caller.send(endHeaders(1, get()));
      const endpoint = await target.server.accept();
      endpoint.send(Buffer.from('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'));
      await expectEnd(endpoint);
      await expectNoAnswer(caller);
    });

    // 6.6: "PUSH_PROMISE MUST NOT be sent if the SETTINGS_ENABLE_PUSH setting of the peer endpoint is set to 0."
    it('switches push off', async () => {
      const { endpoint } = await target.exchange();
      const payload = endpoint.wire[0]?.payload ?? Buffer.alloc(0);
      assert.ok(payload.includes(settings([ENABLE_PUSH, 0]).subarray(9)));
    });
  });
}

export function frames(target: UpstreamTarget): void {
  describe('RFC 9113 4.1 Frame Format', () => {
    // "Implementations MUST ignore and discard frames of unknown types."
    it('ignores frames of unknown types and flags that have no meaning', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(frame(0x16, 0xff, 0, Buffer.alloc(8)), frame(0xff, 0, 1), frame(0xff, 0, 77));
      endpoint.send(headers(0x80000001, OK, END_HEADERS | 0x52), data(1, 'fine', END_STREAM | 0xf6));
      assert.equal(await expectAnswer(caller, 1), 'fine');
    });
  });

  describe('RFC 9113 4.2 Frame Size', () => {
    // "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds the size defined in
    // SETTINGS_MAX_FRAME_SIZE".
    for (const [name, type] of [
      ['DATA', DATA],
      ['HEADERS', HEADERS],
    ] as const) {
      it(`refuses ${name} beyond its SETTINGS_MAX_FRAME_SIZE`, async () => {
        const { endpoint, caller } = await target.exchange();
        endpoint.send(frame(type, END_HEADERS, 1, Buffer.alloc(16_385)));
        await expectConnectionError(endpoint, FRAME_SIZE_ERROR);
        await expectNoAnswer(caller);
      });
    }

    it('takes DATA of 2^14 octets', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(headers(1, OK), data(1, Buffer.alloc(16_384, 'x'), END_STREAM));
      assert.equal((await expectAnswer(caller, 1)).length, 16_384);
    });

    it('cuts a long header block into frames that the server takes', async () => {
      const long = [1, 2, 3].map((at) => [`x-long-${at}`, 'y'.repeat(9_000)] as const);
      const whole = get(...long);
      const cut = [
        headers(1, whole.subarray(0, 16_000), END_STREAM),
        continuation(1, whole.subarray(16_000)),
      ];
      const { endpoint, request } = await target.exchange(Buffer.concat(cut));
      assert.ok(endpoint.wire.some(({ type }) => type === CONTINUATION));
      assert.ok(endpoint.wire.every(({ payload }) => payload.length <= 16_384));
      for (const [name, value] of long) assert.equal(fieldOf(request, name), value);
    });

    it('sends no DATA above the SETTINGS_MAX_FRAME_SIZE that the server named', async () => {
      const content = [data(1, Buffer.alloc(16_384)), data(1, Buffer.alloc(16_384), END_STREAM)];
      const { endpoint } = await target.exchange(Buffer.concat([headers(1, post()), ...content]), [
        MAX_FRAME_SIZE,
        16_384,
      ]);
      await endpoint.until('the end', ({ type, flags }) => type === DATA && (flags & END_STREAM) !== 0);
      const lengths = endpoint.wire.filter(({ type }) => type === DATA).map(({ payload }) => payload.length);
      assert.equal(
        lengths.reduce((sum, length) => sum + length, 0),
        32_768,
      );
      assert.ok(Math.max(...lengths) <= 16_384);
    });
  });

  describe('RFC 9113 4.3 Field Section Compression and Decompression', () => {
    // "A receiver MUST terminate the connection with a connection error of type COMPRESSION_ERROR if it does not
    // decompress a field block."
    it('refuses a block that cannot be decoded', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(endHeaders(1, Buffer.of(0x40)));
      await expectConnectionError(endpoint, COMPRESSION_ERROR);
      await expectNoAnswer(caller);
    });

    // "Field blocks MUST be transmitted as a contiguous sequence of frames, with no interleaved frames of any other type
    // or from any other stream."
    it('refuses a block that is interrupted', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(headers(1, OK, 0), ping('between'), continuation(1, Buffer.alloc(0)));
      await expectConnectionError(endpoint, PROTOCOL_ERROR);
      await expectNoAnswer(caller);
    });

    it('puts a response together from CONTINUATION frames', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(headers(1, OK.subarray(0, 3), END_STREAM), continuation(1, OK.subarray(3, 5), 0));
      endpoint.send(continuation(1, OK.subarray(5)));
      assert.equal(await expectAnswer(caller, 1), '');
    });

    // "An endpoint receiving HEADERS, PUSH_PROMISE, or CONTINUATION frames needs to reassemble field blocks and perform
    // decompression even if the frames are to be discarded."
    it('keeps the dynamic table in step through a response that its caller has cancelled', async () => {
      const { endpoint, caller } = await target.exchange();
      caller.send(rstStream(1, CANCEL), endHeaders(3, get()));
      await endpoint.until('RST_STREAM', ({ type }) => type === RST_STREAM);
      const { streamId } = await nextRequest(endpoint);
      endpoint.send(endHeaders(1, Buffer.concat([OK, indexing(['x-kept', 'yes'])])));
      endpoint.send(endHeaders(streamId, Buffer.concat([OK, indexed(62)])));
      const response = await caller.until('the answer', ({ type }) => type === HEADERS);
      assert.equal(fieldOf(response, 'x-kept'), 'yes');
    });
  });
}

export function streams(target: UpstreamTarget): void {
  describe('RFC 9113 5.1 Stream States', () => {
    // "Receiving any frame other than HEADERS or PRIORITY on a stream in this state MUST be treated as a connection error
    // of type PROTOCOL_ERROR." And HEADERS of a server cannot open a stream that the client has not asked for.
    for (const [name, bytes] of [
      ['DATA', data(9, 'x')],
      ['HEADERS', headers(9, OK)],
      ['RST_STREAM', rstStream(9, CANCEL)],
      ['WINDOW_UPDATE', windowUpdate(9, 1)],
      ['CONTINUATION', continuation(9, OK)],
    ] as const) {
      it(`idle: refuses ${name} on a stream that it has not opened`, async () => {
        const { endpoint, caller } = await target.exchange();
        endpoint.send(bytes);
        await expectConnectionError(endpoint, PROTOCOL_ERROR);
        await expectNoAnswer(caller);
      });
    }

    // 5.1.1: "An endpoint that receives an unexpected stream identifier MUST respond with a connection error of type
    // PROTOCOL_ERROR."
    it('idle: refuses HEADERS on an even stream that was not promised', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(headers(2, OK));
      await expectConnectionError(endpoint, PROTOCOL_ERROR);
      await expectNoAnswer(caller);
    });

    // "If an endpoint receives additional frames, other than WINDOW_UPDATE, PRIORITY, or RST_STREAM, for a stream that is
    // in this state, it MUST respond with a stream error of type STREAM_CLOSED."
    it('half-closed (remote): refuses DATA after END_STREAM while the request goes on', async () => {
      const { endpoint, caller } = await target.exchange(headers(1, post()));
      endpoint.send(endHeaders(1, OK), data(1, 'more'));
      assert.equal(await expectAnswer(caller, 1), '');
      const answer = await endpoint.until('RST_STREAM', ({ type }) => type === RST_STREAM);
      // The request may have been given up with CANCEL at the end of the response: then DATA came on a closed stream.
      assert.ok([STREAM_CLOSED, CANCEL, 0].includes(answer.payload.readUInt32BE(0)));
    });

    // "An endpoint MAY treat receipt of any other type of frame on a closed stream as a connection error of type
    // STREAM_CLOSED".
    for (const [name, bytes] of [
      ['DATA', data(1, 'more', END_STREAM)],
      ['HEADERS', endHeaders(1, block(['x-more', 'yes']))],
    ] as const) {
      it(`closed: refuses ${name} after END_STREAM and passes nothing of it on`, async () => {
        const { endpoint, caller } = await target.exchange();
        endpoint.send(endHeaders(1, OK), bytes);
        assert.equal(await expectAnswer(caller, 1), '');
        await endpoint.until(
          'an error',
          ({ type, payload }) =>
            (type === RST_STREAM && payload.readUInt32BE(0) === STREAM_CLOSED) ||
            (type === 7 && payload.readUInt32BE(4) === STREAM_CLOSED),
        );
        await expectAlive(caller);
        assert.equal(caller.wire.filter(({ streamId }) => streamId === 1).length, 1);
      });
    }

    // "An endpoint that sends a RST_STREAM frame [...] could receive any type of frame. [...] An endpoint MUST minimally
    // process and then discard any frames it receives in this state." "Additionally, the content of DATA frames counts
    // toward the connection flow-control window."
    it('closed: discards a response to a request that it has reset, and gives its window back', async () => {
      const { endpoint, caller } = await target.exchange();
      caller.send(rstStream(1, CANCEL));
      await endpoint.until('RST_STREAM', ({ type }) => type === RST_STREAM);
      endpoint.send(headers(1, OK));
      let sentBytes = 0;
      // Twice the connection's window in all, never more than it is known to be at a time.
      while (sentBytes < 2 * 1024 * 1024) {
        endpoint.send(data(1, Buffer.alloc(16_384)));
        sentBytes += 16_384;
        if (sentBytes % (16_384 * 16) === 0) await expectAlive(endpoint);
      }
      await expectAlive(endpoint);
      assert.ok(endpoint.wire.filter(({ type, streamId }) => type === 8 && streamId === 0).length > 1);
    });
  });

  describe('RFC 9113 5.1.1 Stream Identifiers', () => {
    // "Streams initiated by a client MUST use odd-numbered stream identifiers". "The identifier of a newly established
    // stream MUST be numerically greater than all streams that the initiating endpoint has opened or reserved."
    it('opens odd streams in rising order on one connection', async () => {
      const { endpoint, caller, request } = await target.exchange();
      const ids = [request.streamId];
      caller.send(endHeaders(3, get()), endHeaders(5, get()));
      ids.push((await nextRequest(endpoint)).streamId, (await nextRequest(endpoint)).streamId);
      assert.deepEqual(ids, [1, 3, 5]);
    });
  });

  describe('RFC 9113 5.1.2 Stream Concurrency', () => {
    // "Endpoints MUST NOT exceed the limit set by their peer."
    it('opens no more streams than the server allows, and sends the next request elsewhere', async () => {
      const caller = await target.caller();
      caller.send(endHeaders(1, get()));
      const endpoint = await acceptNext(target, [MAX_CONCURRENT_STREAMS, 1]);
      await nextRequest(endpoint);
      caller.send(endHeaders(3, get()));
      const second = await acceptNext(target, [MAX_CONCURRENT_STREAMS, 1]);
      const { streamId } = await nextRequest(second);
      await expectAlive(endpoint);
      assert.equal(endpoint.wire.filter(({ type }) => type === HEADERS).length, 1);
      second.send(endHeaders(streamId, OK));
      assert.equal(await expectAnswer(caller, 3), '');
    });
  });

  describe('RFC 9113 5.4 Error Handling', () => {
    // "After sending the GOAWAY frame for an error condition, the endpoint MUST close the TCP connection."
    it('serves the next request on a new connection after a connection error', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(frame(PING, 0, 3, Buffer.alloc(8)));
      await expectConnectionError(endpoint, PROTOCOL_ERROR);
      await expectNoAnswer(caller);
      caller.send(endHeaders(3, get()));
      const next = await acceptNext(target);
      const { streamId } = await nextRequest(next);
      next.send(endHeaders(streamId, OK));
      assert.equal(await expectAnswer(caller, 3), '');
    });

    // "A stream error is an error related to a specific stream that does not affect processing of other streams."
    it('goes on with other streams after a stream error', async () => {
      const { endpoint, caller } = await target.exchange();
      caller.send(endHeaders(3, get()));
      const { streamId } = await nextRequest(endpoint);
      endpoint.send(
        headers(1, block(['x-no', 'status'])),
        headers(streamId, OK),
        data(streamId, 'ok', END_STREAM),
      );
      await expectReset(endpoint, 1, PROTOCOL_ERROR);
      await expectNoAnswer(caller, 1);
      assert.equal(await expectAnswer(caller, 3), 'ok');
    });

    it('cuts a response off whose stream fails in the middle', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(headers(1, OK), data(1, 'half'), windowUpdate(1, 0));
      await expectReset(endpoint, 1, PROTOCOL_ERROR);
      await expectCutOff(caller);
    });
  });

  describe('RFC 9113 5.5 Extending HTTP/2', () => {
    it('ignores settings that it does not know', async () => {
      const { endpoint, caller } = await target.exchange(
        endHeaders(1, get()),
        [0x8, 1],
        [0xfff0, 0xffffffff],
        [INITIAL_WINDOW_SIZE, 65_535],
      );
      endpoint.send(endHeaders(1, OK));
      assert.equal(await expectAnswer(caller, 1), '');
    });
  });
}
