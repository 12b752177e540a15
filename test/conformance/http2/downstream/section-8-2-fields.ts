import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { data, endHeaders, headers, PROTOCOL_ERROR } from '../../../support/raw-frames/frame.js';
import { block, literal, type FieldLine } from '../../../support/raw-frames/hpack-writer.js';
import { expectAnswer, expectResponse, expectStreamError } from '../expect.js';
import { get, getWithout, post, requestFields } from '../request.js';
import { CONTENT, type Target } from './target.js';

export function fields(target: Target): void {
  const refused = (name: string, ...more: readonly FieldLine[]) => {
    it(name, async () => {
      const client = await target.client();
      client.send(endHeaders(1, get(...more)));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
      assert.equal(target.requests.length, 0);
    });
  };
  const taken = (name: string, ...more: readonly FieldLine[]) => {
    it(name, async () => {
      const client = await target.client();
      client.send(endHeaders(1, get(...more)));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });
  };

  describe('RFC 9113 8.2.1 Field Validity', () => {
    // "A field name MUST NOT contain characters in the ranges 0x00-0x20, 0x41-0x5a, or 0x7f-0xff (all ranges inclusive)."
    refused(
      'h2spec http2/8.1.2/1: Sends a HEADERS frame that contains the header field name in uppercase letters',
      ['X-TEST', 'ok'],
    );
    refused('refuses a single capital at the end of a name', ['x-tesT', 'ok']);
    refused('refuses a space in a name', ['x test', 'ok']);
    refused('refuses a tab in a name', ['x\ttest', 'ok']);
    refused('refuses CR and LF in a name', ['x-test\r\nx-other: 1', 'ok']);
    refused('refuses NUL in a name', ['x-\0', 'ok']);
    refused('refuses DEL in a name', ['x-\x7f', 'ok']);
    refused('refuses an octet above 0x7f in a name', ['x-\xe9', 'ok']);
    refused('refuses an empty name', ['', 'ok']);
    // "With the exception of pseudo-header fields, which have a name that starts with a single colon, field names MUST
    // NOT include a colon".
    refused('refuses a colon inside a name', ['x:test', 'ok']);

    // "A field value MUST NOT contain the zero value (ASCII NUL, 0x00), line feed (ASCII LF, 0x0a), or carriage return
    // (ASCII CR, 0x0d) at any position."
    refused('refuses NUL in a value', ['x-test', 'a\0b']);
    refused('refuses LF in a value', ['x-test', 'a\nb']);
    refused('refuses CR in a value', ['x-test', 'a\rb']);
    refused('refuses a request smuggled into a value', ['x-test', 'a\r\n\r\nGET /admin HTTP/1.1\r\n']);
    refused('refuses LF in :path', [':path', '/\n']);
    // "A field value MUST NOT start or end with an ASCII whitespace character (ASCII SP or HTAB, 0x20 or 0x09)."
    refused('refuses a space before a value', ['x-test', ' ok']);
    refused('refuses a space behind a value', ['x-test', 'ok ']);
    refused('refuses a tab before a value', ['x-test', '\tok']);
    refused('refuses a tab behind a value', ['x-test', 'ok\t']);

    taken('takes space and tab inside a value', ['x-test', 'a b\tc']);
    taken('takes octets above 0x7f in a value', ['x-test', 'caf\xe9']);
    taken('takes an empty value', ['x-test', '']);
    taken('takes every other character of a token in a name', ["x-!#$%&'*+-.^_`|~0", 'ok']);

    // "A request or response that contains a field that violates any of these conditions MUST be treated as malformed."
    it('refuses a bad field in trailers', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, 'test'), endHeaders(1, block(['x-test', 'a\nb'])));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });
  });

  describe('RFC 9113 8.2.2 Connection-Specific Header Fields', () => {
    // "Any message containing connection-specific header fields MUST be treated as malformed."
    refused(
      'h2spec http2/8.1.2.2/1: Sends a HEADERS frame that contains the connection-specific header field',
      ['connection', 'keep-alive'],
    );
    refused('refuses proxy-connection', ['proxy-connection', 'keep-alive']);
    refused('refuses keep-alive', ['keep-alive', 'timeout=5']);
    refused('refuses transfer-encoding', ['transfer-encoding', 'chunked']);
    refused('refuses upgrade', ['upgrade', 'h2c']);

    // "The only exception to this is the TE header field, which MAY be present in an HTTP/2 request; when it is, it MUST
    // NOT contain any value other than "trailers"."
    refused(
      'h2spec http2/8.1.2.2/2: Sends a HEADERS frame that contains the TE header field with any value other than "trailers"',
      ['trailers', 'test'],
      ['te', 'trailers, deflate'],
    );
    taken('takes TE with the value trailers', ['te', 'trailers']);
  });

  describe('RFC 9113 8.2.3 Compressing the Cookie Header Field', () => {
    // "the Cookie header field MAY be split into separate header fields, each with one or more cookie-pairs."
    it('hands split cookies on so that the server can join them', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get(['cookie', 'a=1'], ['cookie', 'b=2'], ['cookie', 'c=3'])));
      await expectAnswer(client, 1);
      assert.equal(target.requests.at(-1)?.cookie, 'a=1; b=2; c=3');
    });
  });
}

export function controlData(target: Target): void {
  const refused = (name: string, request: Buffer) => {
    it(name, async () => {
      const client = await target.client();
      client.send(endHeaders(1, request));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
      assert.equal(target.requests.length, 0);
    });
  };

  describe('RFC 9113 8.3 HTTP Control Data', () => {
    // "Endpoints MUST treat a request or response that contains undefined or invalid pseudo-header fields as malformed."
    refused(
      'h2spec http2/8.1.2.1/1: Sends a HEADERS frame that contains a unknown pseudo-header field',
      get([':test', 'ok']),
    );
    refused(
      'h2spec http2/8.1.2.1/2: Sends a HEADERS frame that contains the pseudo-header field defined for response',
      get([':status', '200']),
    );
    refused('refuses a field whose name is a colon', get([':', 'ok']));

    // "Pseudo-header fields MUST NOT appear in a trailer section."
    it('h2spec http2/8.1.2.1/3: Sends a HEADERS frame that contains a pseudo-header field as trailers', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, 'test'), headers(1, block([':method', 'POST'])));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });

    it('refuses a pseudo-header field in trailers that end the stream', async () => {
      const client = await target.client();
      client.send(headers(1, post()), data(1, 'test'), endHeaders(1, block([':path', '/other'])));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });

    // "All pseudo-header fields MUST appear in a field block before all regular field lines."
    refused(
      'h2spec http2/8.1.2.1/4: Sends a HEADERS frame that contains a pseudo-header field that appears in a header block after a regular header field',
      block(['x-test', 'ok'], ...requestFields()),
    );
    refused(
      'refuses a single pseudo-header field behind a regular one',
      block(...requestFields().slice(0, 3), ['x-test', 'ok'], [':authority', 'backend.test']),
    );
  });

  describe('RFC 9113 8.3.1 Request Pseudo-Header Fields', () => {
    // "This pseudo-header field MUST NOT be empty for "http" or "https" URIs".
    refused(
      'h2spec http2/8.1.2.3/1: Sends a HEADERS frame with empty ":path" pseudo-header field',
      block(...requestFields('GET', '')),
    );
    // "All HTTP/2 requests MUST include exactly one valid value for the ":method", ":scheme", and ":path" pseudo-header
    // fields, unless they are CONNECT requests. An HTTP request that omits mandatory pseudo-header fields is malformed."
    for (const [at, name] of [':method', ':scheme', ':path'].entries()) {
      refused(
        `h2spec http2/8.1.2.3/${at + 2}: Sends a HEADERS frame that omits "${name}" pseudo-header field`,
        getWithout(name),
      );
    }
    // "The same pseudo-header field name MUST NOT appear more than once in a field block."
    for (const [at, [name, value]] of requestFields().entries()) {
      refused(
        name === ':authority'
          ? 'refuses a duplicated ":authority"'
          : `h2spec http2/8.1.2.3/${at + 5}: Sends a HEADERS frame with duplicated "${name}" pseudo-header field`,
        get([name, value]),
      );
    }
    refused('refuses an empty ":method"', block(...requestFields('')));
    refused('refuses a ":method" that is no token', block(...requestFields('GET /other')));
    refused(
      'refuses an empty ":scheme"',
      block([':scheme', ''], ...requestFields().filter(([n]) => n !== ':scheme')),
    );
    refused('refuses a ":path" without a slash', block(...requestFields('GET', 'index.html')));
    refused('refuses a ":path" with a space', block(...requestFields('GET', '/a b')));
    refused('refuses "*" as ":path" of GET', block(...requestFields('GET', '*')));

    // "A server SHOULD treat a request as malformed if it contains a Host header field that identifies an entity that
    // differs from the entity in the ":authority" pseudo-header field."
    refused('refuses a Host other than ":authority"', get(['host', 'other.test']));
    refused('refuses two Hosts that differ', get(['host', 'backend.test'], ['host', 'other.test']));

    it('takes a Host equal to ":authority"', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get(['host', 'backend.test'])));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    // "unless there is no authority information to convey (in which case it MUST NOT generate ":authority")."
    it('takes Host in place of ":authority", and adds none', async () => {
      const client = await target.client();
      client.send(
        endHeaders(1, Buffer.concat([getWithout(':authority'), literal(['host', 'backend.test'])])),
      );
      assert.equal(await expectAnswer(client, 1), CONTENT);
      assert.equal(target.requests.at(-1)?.[':authority'], undefined);
    });

    it('takes the pseudo-header fields in any order', async () => {
      const client = await target.client();
      client.send(endHeaders(1, block(...requestFields().toReversed(), ['x-test', 'ok'])));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    // "an OPTIONS request for an "http" or "https" URI that does not include a path component; these MUST include a
    // ":path" pseudo-header field with a value of '*'."
    it('takes "*" as ":path" of OPTIONS, which no route with a path matches', async () => {
      const client = await target.client();
      client.send(endHeaders(1, block(...requestFields('OPTIONS', '*'))));
      await expectResponse(client, 1, '404');
    });
  });

  describe('RFC 9113 8.5 The CONNECT Method', () => {
    // "The ":scheme" and ":path" pseudo-header fields MUST be omitted."
    refused('refuses CONNECT with a scheme and a path', block(...requestFields('CONNECT')));
    refused('refuses CONNECT without ":authority"', block([':method', 'CONNECT']));
  });
}
