import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  END_HEADERS,
  END_STREAM,
  endHeaders,
  frame,
  GOAWAY,
  headers,
  PING,
  ping,
  priority,
  priorityPayload,
  PRIORITY_FLAG,
  PROTOCOL_ERROR,
  settings,
} from '../../../support/raw-frames/frame.js';
import {
  expectAlive,
  expectAnswer,
  expectConnectionError,
  expectEnd,
  expectPong,
  expectStreamError,
} from '../expect.js';
import { get, post } from '../request.js';
import { CONTENT, type Target } from './target.js';

export function streamDependencies(target: Target): void {
  describe('RFC 9113 5.3 Prioritization (RFC 7540 5.3.1 Stream Dependencies)', () => {
    // RFC 7540: "A stream cannot depend on itself. An endpoint MUST treat this as a stream error of type
    // PROTOCOL_ERROR."
    it('h2spec http2/5.3.1/1: Sends HEADERS frame that depends on itself', async () => {
      const client = await target.client();
      const payload = Buffer.concat([priorityPayload({ dependsOn: 1 }), get()]);
      client.send(headers(1, payload, END_HEADERS | END_STREAM | PRIORITY_FLAG));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });

    it('h2spec http2/5.3.1/2: Sends PRIORITY frame that depend on itself', async () => {
      const client = await target.client();
      client.send(priority(1, { dependsOn: 1 }));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });

    // "This update to HTTP/2 deprecates the priority signaling defined in RFC 7540": it orders nothing and breaks nothing.
    it('serves a request whatever its dependencies were said to be', async () => {
      const client = await target.client();
      client.send(priority(3, { dependsOn: 11 }), priority(11, { dependsOn: 3, exclusive: true, weight: 0 }));
      client.send(endHeaders(3, get()));
      assert.equal(await expectAnswer(client, 3), CONTENT);
    });
  });
}

export function errorHandling(target: Target): void {
  describe('RFC 9113 5.4.1 Connection Error Handling', () => {
    // "After sending the GOAWAY frame for an error condition, the endpoint MUST close the TCP connection."
    it('h2spec http2/5.4.1/1: Sends an invalid PING frame for connection close', async () => {
      const client = await target.client();
      client.send(frame(PING, 0, 3, Buffer.alloc(8)));
      await expectEnd(client);
    });

    // "An endpoint that encounters a connection error SHOULD first send a GOAWAY frame with the stream identifier of the
    // last stream that it successfully received from its peer."
    it('h2spec http2/5.4.1/2: Sends an invalid PING frame to receive GOAWAY frame', async () => {
      const client = await target.client();
      client.send(frame(PING, 0, 3, Buffer.alloc(8)));
      await client.until('GOAWAY', ({ type }) => type === GOAWAY);
    });

    it('takes no further frame of a connection that has failed', async () => {
      const client = await target.client();
      client.send(frame(PING, 0, 3, Buffer.alloc(8)), endHeaders(1, get()), ping('late'));
      assert.equal(await expectConnectionError(client, PROTOCOL_ERROR), 0);
      assert.equal(target.requests.length, 0);
      assert.ok(client.wire.every(({ type }) => type !== PING));
    });

    it('disturbs no other connection', async () => {
      const [innocent, guilty] = [await target.client(), await target.client()];
      innocent.send(headers(1, post()));
      guilty.send(headers(1, post()), frame(PING, 0, 3, Buffer.alloc(8)));
      await expectConnectionError(guilty, PROTOCOL_ERROR);
      innocent.send(frame(0, END_STREAM, 1));
      assert.equal(await expectAnswer(innocent, 1), CONTENT);
    });
  });

  describe('RFC 9113 5.4.2 Stream Error Handling', () => {
    // "A stream error is an error related to a specific stream that does not affect processing of other streams."
    it('goes on with other streams after a stream error', async () => {
      const client = await target.client();
      client.send(headers(1, post()), endHeaders(3, get(['TE', 'upper'])));
      await expectStreamError(client, 3, PROTOCOL_ERROR);
      client.send(frame(0, END_STREAM, 1));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    // "To avoid looping, an endpoint MUST NOT send a RST_STREAM in response to a RST_STREAM frame."
    it('answers RST_STREAM with silence', async () => {
      const client = await target.client();
      client.send(
        headers(1, post()),
        frame(3, 0, 1, Buffer.of(0, 0, 0, 8)),
        frame(3, 0, 1, Buffer.of(0, 0, 0, 8)),
      );
      await expectAlive(client);
      assert.ok(client.wire.every(({ type }) => type !== 3));
    });
  });
}

export function extending(target: Target): void {
  describe('RFC 9113 5.5 Extending HTTP/2', () => {
    // "Implementations MUST ignore unknown or unsupported values in all extensible protocol elements. Implementations
    // MUST discard frames that have unknown or unsupported types."
    it('h2spec http2/5.5/1: Sends an unknown extension frame', async () => {
      const client = await target.client();
      client.send(frame(0x16, 0, 0, Buffer.alloc(8)), ping(''));
      await expectPong(client, '');
    });

    // "extension frames that appear in the middle of a field block are not permitted; these MUST be treated as a
    // connection error of type PROTOCOL_ERROR."
    it('h2spec http2/5.5/2: Sends an unknown extension frame in the middle of a header block', async () => {
      const client = await target.client();
      client.send(headers(1, get(), END_STREAM), frame(0x16, 0, 0, Buffer.alloc(8)));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('ignores settings that it does not know, among those that it does', async () => {
      const client = await target.client();
      client.send(settings([0x8, 1], [0x99, 0xffffffff], [0xffff, 0]), endHeaders(1, get()));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });
  });
}
