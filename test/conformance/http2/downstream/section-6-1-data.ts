import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  data,
  DATA,
  END_STREAM,
  endHeaders,
  frame,
  FRAME_SIZE_ERROR,
  headers,
  PADDED,
  paddedData,
  PROTOCOL_ERROR,
  STREAM_CLOSED,
} from '../../../support/raw-frames/frame.js';
import {
  expectAnswer,
  expectConnectionError,
  expectResponse,
  expectReset,
  expectStreamError,
} from '../expect.js';
import { post } from '../request.js';
import { CONTENT, type Target } from './target.js';

export function dataFrames(target: Target): void {
  describe('RFC 9113 6.1 DATA', () => {
    it('h2spec generic/3.1/1: Sends a DATA frame', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, 'test', END_STREAM));
      await expectResponse(client, 1);
    });

    it('h2spec generic/3.1/2: Sends multiple DATA frames', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, 'test'), data(1, 'test', END_STREAM));
      await expectResponse(client, 1);
    });

    // "DATA frames MAY also contain padding."
    it('h2spec generic/3.1/3: Sends a DATA frame with padding', async () => {
      const client = await target.client();
      client.send(headers(1, post()), paddedData(1, 'test', 5, END_STREAM));
      await expectResponse(client, 1);
    });

    // "If a DATA frame is received whose Stream Identifier field is 0x00, the recipient MUST respond with a connection
    // error of type PROTOCOL_ERROR."
    it('h2spec http2/6.1/1: Sends a DATA frame with 0x0 stream identifier', async () => {
      const client = await target.client();
      client.send(data(0, 'test', END_STREAM));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "If a DATA frame is received whose stream is not in the "open" or "half-closed (local)" state, the recipient MUST
    // respond with a stream error of type STREAM_CLOSED."
    it('h2spec http2/6.1/2: Sends a DATA frame on the stream that is not in "open" or "half-closed (local)" state', async () => {
      const client = await target.client();
      client.send(endHeaders(1, post()), data(1, 'test', END_STREAM));
      await expectStreamError(client, 1, STREAM_CLOSED);
    });

    // "If the length of the padding is the length of the frame payload or greater, the recipient MUST treat this as a
    // connection error of type PROTOCOL_ERROR."
    it('h2spec http2/6.1/3: Sends a DATA frame with invalid pad length', async () => {
      const client = await target.client();
      client.send(headers(1, post(['content-length', '4'])));
      client.send(frame(DATA, PADDED | END_STREAM, 1, Buffer.from('\u0006Test', 'latin1')));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('refuses padding of just the length of the payload, and takes one octet less', async () => {
      const client = await target.client();
      const length = ['content-length', '0'] as const;
      client.send(headers(1, post(length)), frame(DATA, PADDED | END_STREAM, 1, Buffer.of(4, 0, 0, 0, 0)));
      assert.equal(await expectAnswer(client, 1), CONTENT);
      client.send(headers(3, post(length)), frame(DATA, PADDED | END_STREAM, 3, Buffer.of(5, 0, 0, 0, 0)));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // 4.2: "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame [...] is too small to contain mandatory
    // frame data."
    it('refuses padded DATA without a pad length', async () => {
      const client = await target.client();
      client.send(headers(1, post()), frame(DATA, PADDED, 1));
      await expectConnectionError(client, FRAME_SIZE_ERROR, PROTOCOL_ERROR);
    });

    // "Padding octets that contain no application semantic value."
    it('counts content without its padding', async () => {
      const client = await target.client();
      client.send(headers(1, post(['content-length', '4'])), paddedData(1, 'test', 200, END_STREAM));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    it('takes empty DATA frames before the last', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, ''), data(1, ''), data(1, 'x'), data(1, '', END_STREAM));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    it('answers DATA behind the end of a request with a reset of its stream only', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, 'a', END_STREAM), data(1, 'b'), headers(3, post()));
      await expectReset(client, 1, STREAM_CLOSED);
      client.send(data(3, '', END_STREAM));
      assert.equal(await expectAnswer(client, 3), CONTENT);
    });
  });
}
