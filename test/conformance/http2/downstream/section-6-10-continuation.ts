import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  continuation,
  data,
  END_STREAM,
  endHeaders,
  headers,
  PROTOCOL_ERROR,
} from '../../../support/raw-frames/frame.js';
import { block } from '../../../support/raw-frames/hpack-writer.js';
import { expectAnswer, expectConnectionError, expectResponse } from '../expect.js';
import { get, longFields, post } from '../request.js';
import { CONTENT, type Target } from './target.js';

export function continuationFrames(target: Target): void {
  const dummy = block(...longFields(1));

  describe('RFC 9113 6.10 CONTINUATION', () => {
    // "Any number of CONTINUATION frames can be sent, as long as the preceding frame is on the same stream and is a
    // HEADERS, PUSH_PROMISE, or CONTINUATION frame without the END_HEADERS flag set."
    it('h2spec generic/3.10/1: Sends a CONTINUATION frame', async () => {
      const client = await target.client();
      client.send(headers(1, get().subarray(0, 5), END_STREAM), continuation(1, get().subarray(5)));
      await expectResponse(client, 1);
    });

    it('h2spec generic/3.10/2: Sends multiple CONTINUATION frames', async () => {
      const client = await target.client();
      client.send(headers(1, get().subarray(0, 5), END_STREAM));
      client.send(continuation(1, get().subarray(5, 10), 0), continuation(1, get().subarray(10)));
      await expectResponse(client, 1);
    });

    it('h2spec http2/6.10/1: Sends multiple CONTINUATION frames preceded by a HEADERS frame', async () => {
      const client = await target.client();
      client.send(headers(1, get(), END_STREAM), continuation(1, dummy, 0), continuation(1, dummy));
      await expectResponse(client, 1);
    });

    // "A receiver MUST treat the receipt of any other type of frame or a frame on a different stream as a connection
    // error of type PROTOCOL_ERROR."
    it('h2spec http2/6.10/2: Sends a CONTINUATION frame followed by any frame other than CONTINUATION', async () => {
      const client = await target.client();
      client.send(headers(1, post(), 0), continuation(1, dummy, 0), data(1, 'test', END_STREAM));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "If a CONTINUATION frame is received with a Stream Identifier field of 0x00, the recipient MUST respond with a
    // connection error of type PROTOCOL_ERROR."
    it('h2spec http2/6.10/3: Sends a CONTINUATION frame with 0x0 stream identifier', async () => {
      const client = await target.client();
      client.send(headers(1, get(), END_STREAM), continuation(0, dummy));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "A CONTINUATION frame MUST be preceded by a HEADERS, PUSH_PROMISE or CONTINUATION frame without the END_HEADERS
    // flag set. A recipient that observes violation of this rule MUST respond with a connection error of type
    // PROTOCOL_ERROR."
    it('h2spec http2/6.10/4: Sends a CONTINUATION frame preceded by a HEADERS frame with END_HEADERS flag', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get()), continuation(1, dummy));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('h2spec http2/6.10/5: Sends a CONTINUATION frame preceded by a CONTINUATION frame with END_HEADERS flag', async () => {
      const client = await target.client();
      client.send(headers(1, get(), END_STREAM), continuation(1, dummy), continuation(1, dummy));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('h2spec http2/6.10/6: Sends a CONTINUATION frame preceded by a DATA frame', async () => {
      const client = await target.client();
      client.send(headers(1, post(), 0), data(1, 'test', END_STREAM));
      client.send(continuation(1, dummy, 0), continuation(0, dummy));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('refuses CONTINUATION on another stream than the HEADERS frame before it', async () => {
      const client = await target.client();
      client.send(headers(1, get().subarray(0, 5), END_STREAM), continuation(3, get().subarray(5)));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('puts trailers together from CONTINUATION frames', async () => {
      const client = await target.client();
      const trailers = block(['x-first', 'a'], ['x-second', 'b']);
      client.send(headers(1, post()), data(1, 'test'), headers(1, trailers.subarray(0, 4), END_STREAM));
      client.send(continuation(1, trailers.subarray(4, 15), 0), continuation(1, trailers.subarray(15)));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });
  });
}
