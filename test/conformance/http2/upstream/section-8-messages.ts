import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  COMPRESSION_ERROR,
  data,
  END_STREAM,
  endHeaders,
  HEADER_TABLE_SIZE,
  HEADERS,
  headers,
  NO_ERROR,
  PROTOCOL_ERROR,
  rstStream,
} from '../../../support/raw-frames/frame.js';
import {
  block,
  indexed,
  indexing,
  literal,
  neverIndexed,
  sizeUpdate,
  type FieldLine,
} from '../../../support/raw-frames/hpack-writer.js';
import {
  expectAnswer,
  expectConnectionError,
  expectContent,
  expectResponse,
  expectStreamError,
  fieldOf,
} from '../expect.js';
import { get, requestFields } from '../request.js';
import { expectCutOff, expectNoAnswer, nextRequest, type UpstreamTarget } from './exchange.js';

const OK = block([':status', '200']);

export function responses(target: UpstreamTarget): void {
  /** A malformed response: reset with PROTOCOL_ERROR, and the caller sees none of it. */
  const refused = (name: string, ...frames: readonly Buffer[]) => {
    it(name, async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(...frames);
      await expectStreamError(endpoint, 1, PROTOCOL_ERROR);
      await expectNoAnswer(caller);
    });
  };
  /** A response that turns out to be malformed after its header went on: cut off. */
  const cutOff = (name: string, ...frames: readonly Buffer[]) => {
    it(name, async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(...frames);
      await expectStreamError(endpoint, 1, PROTOCOL_ERROR);
      await expectCutOff(caller);
    });
  };
  const ok = (...more: readonly FieldLine[]) => block([':status', '200'], ...more);

  describe('RFC 9113 8.1 HTTP Message Framing', () => {
    // "For a response only, a server MAY send any number of interim responses before the HEADERS frame containing a final
    // response."
    it('passes interim responses on, then the final one', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(
        headers(1, block([':status', '100'])),
        headers(1, block([':status', '103'], ['link', 'x'])),
      );
      endpoint.send(headers(1, OK), data(1, 'done', END_STREAM));
      assert.equal(fieldOf(await expectResponse(caller, 1, '100'), ':status'), '100');
      assert.equal(fieldOf(await expectResponse(caller, 1, '103'), 'link'), 'x');
      assert.equal(await expectAnswer(caller, 1), 'done');
    });

    // "A HEADERS frame with the END_STREAM flag set that carries an informational status code is malformed."
    refused('refuses an interim response that ends the stream', endHeaders(1, block([':status', '103'])));

    // "An endpoint that receives a HEADERS frame without the END_STREAM flag set [...] after receiving a final
    // (non-informational) status code MUST treat the corresponding request or response as malformed."
    cutOff(
      'refuses a second header block without END_STREAM',
      headers(1, OK),
      headers(1, block(['x-t', '1'])),
    );
    cutOff(
      'refuses an interim response behind the final one',
      headers(1, OK),
      headers(1, block([':status', '103'])),
    );
    // "An endpoint that receives pseudo-header fields in trailers MUST treat the request or response as malformed."
    cutOff(
      'refuses pseudo-header fields in trailers',
      headers(1, OK),
      endHeaders(1, block([':status', '200'])),
    );
    cutOff('refuses a bad field in trailers', headers(1, OK), endHeaders(1, block(['X-Upper', '1'])));

    it('passes trailers on', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(
        headers(1, OK),
        data(1, 'body'),
        endHeaders(1, block(['grpc-status', '0'], ['x-t', '1'])),
      );
      await expectResponse(caller, 1);
      assert.equal((await expectContent(caller, 1)).toString(), 'body');
    });

    // "Clients MUST NOT discard responses as a result of receiving such a RST_STREAM".
    it('keeps a complete response that is followed by RST_STREAM with NO_ERROR', async () => {
      const { endpoint, caller } = await target.exchange(headers(1, block(...requestFields('POST'))));
      endpoint.send(headers(1, OK), data(1, 'early', END_STREAM), rstStream(1, NO_ERROR));
      assert.equal(await expectAnswer(caller, 1), 'early');
    });
  });

  describe('RFC 9113 8.1.1 Malformed Messages', () => {
    // "A request or response is also malformed if the value of a content-length header field does not equal the sum of
    // the DATA frame payload lengths that form the content, unless the message is defined as having no content."
    cutOff(
      'refuses more content than promised',
      headers(1, ok(['content-length', '3'])),
      data(1, 'four', END_STREAM),
    );
    cutOff(
      'refuses less content than promised',
      headers(1, ok(['content-length', '5'])),
      data(1, 'four', END_STREAM),
    );
    cutOff(
      'refuses trailers before all of the content',
      headers(1, ok(['content-length', '5'])),
      data(1, 'four'),
      endHeaders(1, block(['x-t', '1'])),
    );
    refused('refuses a content-length that is no number', headers(1, ok(['content-length', 'five'])));
    refused(
      'refuses two content-lengths that differ',
      headers(1, ok(['content-length', '4'], ['content-length', '5'])),
    );
    refused(
      'refuses a response without the content that its content-length promises',
      endHeaders(1, ok(['content-length', '5'])),
    );

    // "For example, 204 or 304 responses contain no content, as does the response to a HEAD request. A response that is
    // defined to have no content [...] MAY have a non-zero content-length header field".
    it('takes the content-length of a response to HEAD', async () => {
      const { endpoint, caller } = await target.exchange(endHeaders(1, block(...requestFields('HEAD'))));
      endpoint.send(endHeaders(1, ok(['content-length', '1234'])));
      assert.equal(fieldOf(await expectResponse(caller, 1), 'content-length'), '1234');
    });

    it('takes the content-length of a 304 response', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(endHeaders(1, block([':status', '304'], ['content-length', '1234'])));
      await expectResponse(caller, 1, '304');
    });
  });

  describe('RFC 9113 8.2 HTTP Fields', () => {
    // 8.2.1: "A request or response that contains a field that violates any of these conditions MUST be treated as
    // malformed." 8.2.2: "Any message containing connection-specific header fields MUST be treated as malformed."
    for (const [name, field] of [
      ['a capital in a name', ['x-Test', '1']],
      ['a space in a name', ['x test', '1']],
      ['an empty name', ['', '1']],
      ['NUL in a value', ['x-test', 'a\0']],
      ['CR and LF in a value', ['x-test', 'a\r\nset-cookie: b']],
      ['a space behind a value', ['x-test', 'a ']],
      ['connection', ['connection', 'close']],
      ['keep-alive', ['keep-alive', 'timeout=5']],
      ['proxy-connection', ['proxy-connection', 'close']],
      ['transfer-encoding', ['transfer-encoding', 'chunked']],
      ['upgrade', ['upgrade', 'websocket']],
    ] as const) {
      refused(`refuses ${name}`, headers(1, ok(field)));
    }
  });

  describe('RFC 9113 8.3.2 Response Pseudo-Header Fields', () => {
    // "This pseudo-header field MUST be included in all responses, including interim responses; otherwise, the response
    // is malformed."
    refused('refuses a response without :status', headers(1, block(['x-test', '1'])));
    refused('refuses an empty header block', headers(1, Buffer.alloc(0)));
    refused('refuses two :status', headers(1, ok([':status', '200'])));
    refused('refuses :status behind another field', headers(1, block(['x-test', '1'], [':status', '200'])));
    refused('refuses a pseudo-header field of requests', headers(1, ok([':path', '/'])));
    refused('refuses an unknown pseudo-header field', headers(1, ok([':test', '1'])));
    for (const status of ['', '20', '2000', 'abc', '099', '2 0', '-20']) {
      refused(`refuses the status "${status}"`, headers(1, block([':status', status])));
    }
    // 8.6: "HTTP/2 does not support the 101 (Switching Protocols) informational status code".
    refused('refuses the status 101', headers(1, block([':status', '101'])));
  });
}

export function compression(target: UpstreamTarget): void {
  const refused = (name: string, bytes: Buffer) => {
    it(name, async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(endHeaders(1, bytes));
      await expectConnectionError(endpoint, COMPRESSION_ERROR);
      await expectNoAnswer(caller);
    });
  };

  describe('RFC 7541, blocks of a server', () => {
    // 2.3.3: "Indices strictly greater than the sum of the lengths of both tables MUST be treated as a decoding error."
    refused('2.3.3: refuses an index that is not there', Buffer.concat([OK, indexed(70)]));
    // 6.1: "The index value of 0 is not used. It MUST be treated as a decoding error if found in an indexed header field
    // representation."
    refused('6.1: refuses index 0', Buffer.concat([OK, Buffer.of(0x80)]));
    // 6.3: "A value that exceeds this limit MUST be treated as a decoding error."
    refused('6.3: refuses a size update above the limit', Buffer.concat([sizeUpdate(4097), OK]));
    refused('4.2: refuses a size update behind a field', Buffer.concat([OK, sizeUpdate(100)]));
    refused(
      '5.2: refuses EOS in a string',
      Buffer.concat([OK, Buffer.from('0085f2b24a84ff874951fffffffa7f', 'hex')]),
    );

    it('2.3.2: finds again what an earlier response has put into the table', async () => {
      const { endpoint, caller } = await target.exchange();
      endpoint.send(endHeaders(1, Buffer.concat([OK, indexing(['x-kept', 'yes'])])));
      await expectResponse(caller, 1);
      caller.send(endHeaders(3, get()));
      const { streamId } = await nextRequest(endpoint);
      endpoint.send(endHeaders(streamId, Buffer.concat([indexed(8), indexed(62)])));
      assert.equal(fieldOf(await expectResponse(caller, 3), 'x-kept'), 'yes');
    });
  });

  describe('RFC 7541, blocks of the sidecar', () => {
    // 6.2.3: "Intermediaries MUST use the same representation for encoding this header field."
    it('6.2.3: sends a field on as never indexed, both ways and every time', async () => {
      const secret = neverIndexed(['x-secret', 'hunter2']);
      const request = Buffer.concat([get(), secret]);
      const { endpoint, caller, request: first } = await target.exchange(endHeaders(1, request));
      const forms = [first];
      for (const id of [1, 3, 5]) {
        endpoint.send(endHeaders(id, Buffer.concat([OK, secret])));
        forms.push(await expectResponse(caller, id));
        caller.send(endHeaders(id + 2, request));
        forms.push(await nextRequest(endpoint));
      }
      for (const { fields } of forms)
        assert.equal(fields.find(({ name }) => name === 'x-secret')?.form, 'never-indexed');
    });

    // 4.2: "In HTTP/2, this follows a settings acknowledgment".
    it('4.2: empties its table when the server allows none', async () => {
      const { endpoint, caller } = await target.exchange(endHeaders(1, get()), [HEADER_TABLE_SIZE, 0]);
      endpoint.send(endHeaders(1, OK));
      await expectResponse(caller, 1);
      for (const id of [3, 5, 7]) {
        caller.send(endHeaders(id, get(['x-repeated', 'value'])));
        const { streamId, fields } = await nextRequest(endpoint);
        assert.ok(fields.every(({ form }) => form !== 'indexing'));
        assert.equal(fields.find(({ name }) => name === 'x-repeated')?.value, 'value');
        endpoint.send(endHeaders(streamId, OK));
        await expectResponse(caller, id);
      }
    });

    it('hands all fields of a request on, in their order and with their values', async () => {
      const more: readonly FieldLine[] = [
        ['x-first', ''],
        ['x-same', '1'],
        ['x-same', '2'],
        ['cookie', 'a=1'],
        ['cookie', 'b=2'],
        ['x-bytes', 'caf\xe9'],
        ['x-long', 'z'.repeat(5_000)],
      ];
      const { request } = await target.exchange(endHeaders(1, Buffer.concat([get(), ...more.map(literal)])));
      const got = request.fields.map(({ name, value }) => [name, value]);
      assert.deepEqual(
        got,
        [...requestFields(), ...more].map(([name, value]) => [name, value]),
      );
    });

    it('hands all fields of a response on, in their order and with their values', async () => {
      const more: readonly FieldLine[] = [
        ['server', 'x'],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
        ['x-bytes', '\xff\xfe'],
      ];
      const { endpoint, caller } = await target.exchange();
      endpoint.send(endHeaders(1, Buffer.concat([OK, ...more.map(literal)])));
      const response = await caller.until('the response', ({ type }) => type === HEADERS);
      const got = response.fields.map(({ name, value }) => [name, value]);
      assert.deepEqual(
        got,
        [[':status', '200'], ...more].map(([name, value]) => [name, value]),
      );
    });
  });
}
