import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  data,
  END_STREAM,
  endHeaders,
  HEADERS,
  headers,
  NO_ERROR,
  PROTOCOL_ERROR,
  RST_STREAM,
} from '../../../support/raw-frames/frame.js';
import { block } from '../../../support/raw-frames/hpack-writer.js';
import { expectAlive, expectAnswer, expectResponse, expectReset, expectStreamError } from '../expect.js';
import { get, getPath, post, requestFields } from '../request.js';
import { CONTENT, type Target } from './target.js';

export function messageFraming(target: Target): void {
  describe('RFC 9113 8.1 HTTP Message Framing', () => {
    it('h2spec generic/4/1: Sends a GET request', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get()));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    it('h2spec generic/4/2: Sends a HEAD request', async () => {
      const client = await target.client();
      client.send(endHeaders(1, block(...requestFields('HEAD'))));
      const { flags } = await expectResponse(client, 1);
      assert.equal(flags & END_STREAM, END_STREAM);
    });

    it('h2spec generic/4/3: Sends a POST request', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, 'test', END_STREAM));
      await expectResponse(client, 1);
    });

    // "Trailer fields are carried in a field block that also terminates the stream."
    it('h2spec generic/4/4: Sends a POST request with trailers', async () => {
      const client = await target.client();
      client.send(headers(1, post(['trailer', 'x-test'])), data(1, 'test'));
      client.send(endHeaders(1, block(['x-test', 'ok'])));
      await expectResponse(client, 1);
    });

    // "An endpoint that receives a HEADERS frame without the END_STREAM flag set after receiving the HEADERS frame that
    // opens a request or after receiving a final (non-informational) status code MUST treat the corresponding request or
    // response as malformed."
    it('h2spec http2/8.1/1: Sends a second HEADERS frame without the END_STREAM flag', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, 'test'), headers(1, block(['x-test', 'ok'])));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });

    // "a server MAY request that the client abort transmission of a request without error by sending a RST_STREAM with
    // an error code of NO_ERROR after sending a complete response".
    it('asks with NO_ERROR for the end of a request that was answered before it was complete', async () => {
      const client = await target.client();
      client.send(headers(1, get()));
      assert.equal(await expectAnswer(client, 1), CONTENT);
      await expectReset(client, 1, NO_ERROR);
    });

    it('judges what comes on a stream that was answered before the request was complete', async () => {
      const client = await target.client();
      client.send(headers(1, get()));
      assert.equal(await expectAnswer(client, 1), CONTENT);
      client.send(headers(1, block(['x-test', 'without END_STREAM'])));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });

    it('sends no reset when the request ends just after its answer', async () => {
      const client = await target.client();
      client.send(headers(1, get()));
      assert.equal(await expectAnswer(client, 1), CONTENT);
      client.send(data(1, 'the rest', END_STREAM));
      await expectAlive(client);
      assert.ok(client.wire.every(({ type }) => type !== RST_STREAM));
    });

    it('takes a request without content but with trailers', async () => {
      const client = await target.client();
      client.send(headers(1, post()), endHeaders(1, block(['x-test', 'ok'])));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });
  });
}

export function malformedMessages(target: Target): void {
  const length = (value: string) => post(['content-length', value]);

  describe('RFC 9113 8.1.1 Malformed Messages', () => {
    // "A request or response is also malformed if the value of a content-length header field does not equal the sum of
    // the DATA frame payload lengths that form the content".
    it('h2spec http2/8.1.2.6/1: Sends a HEADERS frame with the "content-length" header field which does not equal the DATA frame payload length', async () => {
      const client = await target.client();
      client.send(headers(1, length('1')), data(1, 'test', END_STREAM));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });

    it('h2spec http2/8.1.2.6/2: Sends a HEADERS frame with the "content-length" header field which does not equal the sum of the multiple DATA frames payload length', async () => {
      const client = await target.client();
      client.send(headers(1, length('1')), data(1, 'test'), data(1, 'test', END_STREAM));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });

    for (const [name, frames] of [
      ['less content than content-length', [headers(1, length('5')), data(1, 'test', END_STREAM)]],
      ['no content where content-length promises some', [endHeaders(1, length('4'))]],
      [
        'trailers before all of the content',
        [headers(1, length('9')), data(1, 'test'), endHeaders(1, block(['x-test', 'ok']))],
      ],
      ['a negative content-length', [headers(1, length('-1')), data(1, '', END_STREAM)]],
      ['a content-length that is no number', [headers(1, length('4 ')), data(1, 'test', END_STREAM)]],
      ['a content-length in hexadecimal', [headers(1, length('0x4')), data(1, 'test', END_STREAM)]],
      ['an empty content-length', [headers(1, length('')), data(1, '', END_STREAM)]],
      [
        'two content-lengths that differ',
        [headers(1, post(['content-length', '4'], ['content-length', '5'])), data(1, 'test', END_STREAM)],
      ],
    ] as const) {
      it(`refuses ${name}`, async () => {
        const client = await target.client();
        client.send(...frames);
        await expectStreamError(client, 1, PROTOCOL_ERROR);
      });
    }

    // "Intermediaries that process HTTP requests or responses [...] MUST NOT forward a malformed request or response."
    it('forwards nothing of a request whose header is malformed', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get(['Upper', 'case'])), endHeaders(3, getPath('/after')));
      await expectResponse(client, 3);
      assert.deepEqual(
        target.requests.map((request) => request[':path']),
        ['/after'],
      );
      assert.ok(client.wire.every(({ type, streamId }) => type !== HEADERS || streamId === 3));
    });

    it('takes content of just the promised length in several frames', async () => {
      const client = await target.client();
      client.send(headers(1, length('8')), data(1, 'te'), data(1, 'st'), data(1, 'test', END_STREAM));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });
  });
}
