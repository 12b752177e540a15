import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  COMPRESSION_ERROR,
  CONTINUATION,
  continuation,
  DATA,
  data,
  END_HEADERS,
  END_STREAM,
  endHeaders,
  frame,
  FRAME_SIZE_ERROR,
  headers,
  MAX_FRAME_SIZE,
  PING,
  ping,
  priority,
  PROTOCOL_ERROR,
  windowUpdate,
} from '../../../support/raw-frames/frame.js';
import { block, indexed, indexing } from '../../../support/raw-frames/hpack-writer.js';
import {
  expectAnswer,
  expectConnectionError,
  expectContent,
  expectPong,
  expectResponse,
  expectStreamError,
} from '../expect.js';
import { get, getPath, longFields, post } from '../request.js';
import { CONTENT, LARGE_BYTES, type Target } from './target.js';

export function frameFormat(target: Target): void {
  describe('RFC 9113 4.1 Frame Format', () => {
    // "Implementations MUST ignore and discard frames of unknown types."
    it('h2spec http2/4.1/1: Sends a frame with unknown type', async () => {
      const client = await target.client();
      client.send(frame(0x16, 0, 0, Buffer.alloc(8)), ping(''));
      await expectPong(client, '');
    });

    it('ignores a frame of unknown type on a stream, open or idle', async () => {
      const client = await target.client();
      client.send(headers(1, post()), frame(0xfe, 0xff, 1, Buffer.alloc(20)), frame(0xfe, 0xff, 9));
      client.send(data(1, 'x', END_STREAM));
      await expectAnswer(client, 1);
    });

    // "Unused flags MUST be ignored on receipt".
    it('h2spec http2/4.1/2: Sends a frame with undefined flag', async () => {
      const client = await target.client();
      client.send(frame(PING, 0x16, 0, Buffer.alloc(8)));
      await expectPong(client, '');
    });

    it('ignores flags that HEADERS and DATA do not define', async () => {
      const client = await target.client();
      client.send(headers(1, post(), END_HEADERS | 0x52), data(1, 'x', END_STREAM | 0xf6));
      await expectAnswer(client, 1);
    });

    // "Reserved: A reserved 1-bit field. The semantics of this bit are undefined, and the bit MUST remain unset (0x00)
    // when sending and MUST be ignored when receiving."
    it('h2spec http2/4.1/3: Sends a frame with reserved field bit', async () => {
      const client = await target.client();
      client.send(frame(PING, 0x16, 0x80000000, Buffer.alloc(8)));
      await expectPong(client, '');
    });

    it('ignores the reserved bit of a stream identifier', async () => {
      const client = await target.client();
      client.send(endHeaders(0x80000001, get()));
      await expectAnswer(client, 1);
    });
  });
}

export function frameSize(target: Target): void {
  describe('RFC 9113 4.2 Frame Size', () => {
    // "All implementations MUST be capable of receiving and minimally processing frames up to 2^14 octets in length".
    it('h2spec http2/4.2/1: Sends a DATA frame with 2^14 octets in length', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, Buffer.alloc(16_384, 'x'), END_STREAM));
      await expectResponse(client, 1);
    });

    // "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds the size defined in
    // SETTINGS_MAX_FRAME_SIZE, exceeds any limit defined for the frame type, or is too small to contain mandatory frame
    // data."
    it('h2spec http2/4.2/2: Sends a large size DATA frame that exceeds the SETTINGS_MAX_FRAME_SIZE', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, Buffer.alloc(16_385, 'x'), END_STREAM));
      await expectStreamError(client, 1, FRAME_SIZE_ERROR);
    });

    // "A frame size error in a frame that could alter the state of the entire connection MUST be treated as a connection
    // error".
    it('h2spec http2/4.2/3: Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get(...longFields(5))));
      await expectConnectionError(client, FRAME_SIZE_ERROR);
    });

    it('judges a frame by its header, before the payload has come', async () => {
      const client = await target.client();
      client.send(endHeaders(1, Buffer.alloc(16_385)).subarray(0, 9));
      await expectConnectionError(client, FRAME_SIZE_ERROR);
    });

    // 6.5.2: "This setting indicates the size of the largest frame payload that the sender is willing to receive".
    it('sends no frame above 2^14 octets to a peer that asked for nothing else', async () => {
      const client = await target.client();
      client.send(windowUpdate(0, 1_000_000), endHeaders(1, getPath('/large')), windowUpdate(1, 1_000_000));
      await expectResponse(client, 1);
      assert.equal((await expectContent(client, 1)).length, LARGE_BYTES);
      assert.ok(client.wire.every(({ payload }) => payload.length <= 16_384));
    });

    it('sends no frame above the SETTINGS_MAX_FRAME_SIZE that the peer named', async () => {
      const client = await target.client([MAX_FRAME_SIZE, 20_000]);
      client.send(windowUpdate(0, 1_000_000), endHeaders(1, getPath('/large')), windowUpdate(1, 1_000_000));
      await expectResponse(client, 1);
      assert.equal((await expectContent(client, 1)).length, LARGE_BYTES);
      const lengths = client.wire.filter(({ type }) => type === DATA).map(({ payload }) => payload.length);
      assert.ok(Math.max(...lengths) <= 20_000);
    });
  });
}

export function fieldSectionCompression(target: Target): void {
  describe('RFC 9113 4.3 Field Section Compression and Decompression', () => {
    // "A receiver MUST terminate the connection with a connection error of type COMPRESSION_ERROR if it does not
    // decompress a field block."
    it('h2spec http2/4.3/1: Sends invalid header block fragment', async () => {
      const client = await target.client();
      client.send(endHeaders(1, Buffer.of(0x40)));
      await expectConnectionError(client, COMPRESSION_ERROR);
    });

    // "Each field block is processed as a discrete unit. Field blocks MUST be transmitted as a contiguous sequence of
    // frames, with no interleaved frames of any other type or from any other stream."
    it('h2spec http2/4.3/2: Sends a PRIORITY frame while sending the header blocks', async () => {
      const client = await target.client();
      client.send(headers(1, get(), 0), priority(1), continuation(1, block(...longFields(1))));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('h2spec http2/4.3/3: Sends a HEADERS frame to another stream while sending the header blocks', async () => {
      const client = await target.client();
      client.send(headers(1, get(), 0), endHeaders(3, get()), continuation(1, block(...longFields(1))));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "The serialized field block is then divided into one or more octet sequences": it may be cut anywhere.
    it('puts a block together that is cut at every place', async () => {
      const whole = get();
      for (let cut = 0; cut <= whole.length; cut += 7) {
        const client = await target.client();
        client.send(headers(1, whole.subarray(0, cut), END_STREAM), continuation(1, whole.subarray(cut)));
        assert.equal(await expectAnswer(client, 1), CONTENT);
        target.reset();
      }
    });

    // "Field compression is stateful. Each endpoint has an HPACK encoder context and an HPACK decoder context that are
    // used for encoding and decoding all field blocks on a connection."
    it('keeps the dynamic table in step through a request that it refuses as malformed', async () => {
      const client = await target.client();
      client.send(endHeaders(1, Buffer.concat([block(['x-no', 'method']), indexing(['x-kept', 'yes'])])));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
      client.send(endHeaders(3, Buffer.concat([get(), indexed(62)])));
      await expectAnswer(client, 3);
      assert.equal(target.requests.at(-1)?.['x-kept'], 'yes');
    });

    it('keeps the dynamic table in step through a request that is cancelled at once', async () => {
      const client = await target.client();
      const cancel = frame(0x3, 0, 1, Buffer.of(0, 0, 0, 8));
      client.send(headers(1, Buffer.concat([post(), indexing(['x-kept', 'too'])])), cancel);
      client.send(endHeaders(3, Buffer.concat([get(), indexed(62)])));
      await expectAnswer(client, 3);
      assert.equal(target.requests.at(-1)?.['x-kept'], 'too');
    });

    // 6.2: "the END_HEADERS flag [indicates] that this frame contains an entire field block".
    it('waits for the end of a block although END_STREAM was set at its beginning', async () => {
      const client = await target.client();
      client.send(headers(1, get(), END_STREAM), frame(CONTINUATION, 0, 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(target.requests.length, 0);
      client.send(continuation(1, Buffer.alloc(0)));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });
  });
}
