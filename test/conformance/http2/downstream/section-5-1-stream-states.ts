import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CANCEL,
  continuation,
  data,
  DATA,
  END_STREAM,
  endHeaders,
  HEADERS,
  headers,
  INITIAL_WINDOW_SIZE,
  MAX_CONCURRENT_STREAMS,
  ping,
  priority,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  RST_STREAM,
  rstStream,
  SETTINGS,
  settings,
  STREAM_CLOSED,
  windowUpdate,
} from '../../../support/raw-frames/frame.js';
import { block } from '../../../support/raw-frames/hpack-writer.js';
import type { RawPeer } from '../../../support/raw-frames/raw-peer.js';
import {
  expectAnswer,
  expectConnectionError,
  expectContent,
  expectData,
  expectPong,
  expectResponse,
  expectStreamError,
} from '../expect.js';
import { get, longFields, post } from '../request.js';
import { CONTENT, type Target } from './target.js';

export function streamStates(target: Target): void {
  /** A client whose stream 1 has had its whole answer. */
  const closedStream = async (): Promise<RawPeer> => {
    const client = await target.client();
    client.send(endHeaders(1, get()));
    await expectAnswer(client, 1);
    return client;
  };

  describe('RFC 9113 5.1 Stream States, idle', () => {
    // "Receiving any frame other than HEADERS or PRIORITY on a stream in this state MUST be treated as a connection
    // error of type PROTOCOL_ERROR."
    it('h2spec generic/2/1: Sends a PRIORITY frame on idle stream', async () => {
      const client = await target.client();
      client.send(priority(1), ping(''));
      await expectPong(client, '');
    });

    it('h2spec http2/5.1/1: idle: Sends a DATA frame', async () => {
      const client = await target.client();
      client.send(data(1, 'test', END_STREAM));
      await expectStreamError(client, 1, PROTOCOL_ERROR, STREAM_CLOSED);
    });

    it('h2spec http2/5.1/2: idle: Sends a RST_STREAM frame', async () => {
      const client = await target.client();
      client.send(rstStream(1, CANCEL));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('h2spec http2/5.1/3: idle: Sends a WINDOW_UPDATE frame', async () => {
      const client = await target.client();
      client.send(windowUpdate(1, 100));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('h2spec http2/5.1/4: idle: Sends a CONTINUATION frame', async () => {
      const client = await target.client();
      client.send(continuation(1, get()));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('takes a frame on a server stream that does not exist for one on an idle stream', async () => {
      const client = await target.client();
      client.send(windowUpdate(2, 100));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });
  });

  describe('RFC 9113 5.1 Stream States, half-closed (remote)', () => {
    // "If an endpoint receives additional frames, other than WINDOW_UPDATE, PRIORITY, or RST_STREAM, for a stream that
    // is in this state, it MUST respond with a stream error of type STREAM_CLOSED."
    it('h2spec generic/2/2: Sends a WINDOW_UPDATE frame on half-closed (remote) stream', async () => {
      const client = await target.client();
      client.send(settings([INITIAL_WINDOW_SIZE, 0]), endHeaders(1, get()), windowUpdate(1, 1));
      await expectData(client, 1, 1);
    });

    it('h2spec generic/2/3: Sends a PRIORITY frame on half-closed (remote) stream', async () => {
      const client = await target.client();
      client.send(settings([INITIAL_WINDOW_SIZE, 0]), endHeaders(1, get()), priority(1), windowUpdate(1, 1));
      await expectData(client, 1, 1);
    });

    it('h2spec generic/2/4: Sends a RST_STREAM frame on half-closed (remote) stream', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get()), rstStream(1, CANCEL), ping(''));
      await expectPong(client, '');
    });

    it('h2spec http2/5.1/5: half closed (remote): Sends a DATA frame', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get()), data(1, 'test', END_STREAM));
      await expectStreamError(client, 1, STREAM_CLOSED);
    });

    it('h2spec http2/5.1/6: half closed (remote): Sends a HEADERS frame', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get()), endHeaders(1, get()));
      await expectStreamError(client, 1, STREAM_CLOSED);
    });

    it('h2spec http2/5.1/7: half closed (remote): Sends a CONTINUATION frame', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get()), continuation(1, get()));
      await expectStreamError(client, 1, STREAM_CLOSED, PROTOCOL_ERROR);
    });
  });

  describe('RFC 9113 5.1 Stream States, closed', () => {
    it('h2spec generic/2/5: Sends a PRIORITY frame on closed stream', async () => {
      const client = await closedStream();
      client.send(priority(1), ping(''));
      await expectPong(client, '');
    });

    // RFC 7540: "An endpoint that receives any frame other than PRIORITY after receiving a RST_STREAM MUST treat that as
    // a stream error of type STREAM_CLOSED." RFC 9113 permits a connection error too.
    it('h2spec http2/5.1/8: closed: Sends a DATA frame after sending RST_STREAM frame', async () => {
      const client = await target.client();
      client.send(headers(1, get()), rstStream(1, CANCEL), data(1, 'test', END_STREAM));
      await expectStreamError(client, 1, STREAM_CLOSED);
    });

    it('h2spec http2/5.1/9: closed: Sends a HEADERS frame after sending RST_STREAM frame', async () => {
      const client = await target.client();
      client.send(headers(1, get()), rstStream(1, CANCEL), endHeaders(1, get()));
      await expectStreamError(client, 1, STREAM_CLOSED);
    });

    it('h2spec http2/5.1/10: closed: Sends a CONTINUATION frame after sending RST_STREAM frame', async () => {
      const client = await target.client();
      client.send(headers(1, get()), rstStream(1, CANCEL), continuation(1, block(...longFields(1))));
      await expectStreamError(client, 1, STREAM_CLOSED, PROTOCOL_ERROR);
    });

    // RFC 7540: "An endpoint that receives any frames after receiving a frame with the END_STREAM flag set MUST treat
    // that as a connection error of type STREAM_CLOSED".
    it('h2spec http2/5.1/11: closed: Sends a DATA frame', async () => {
      const client = await closedStream();
      client.send(data(1, 'test', END_STREAM));
      await expectStreamError(client, 1, STREAM_CLOSED);
    });

    it('h2spec http2/5.1/12: closed: Sends a HEADERS frame', async () => {
      const client = await closedStream();
      client.send(endHeaders(1, get()));
      await expectConnectionError(client, STREAM_CLOSED);
    });

    it('h2spec http2/5.1/13: closed: Sends a CONTINUATION frame', async () => {
      const client = await closedStream();
      client.send(continuation(1, block(...longFields(1))));
      await expectConnectionError(client, STREAM_CLOSED, PROTOCOL_ERROR);
    });

    // "An endpoint that sends a frame with the END_STREAM flag set or a RST_STREAM frame might receive a WINDOW_UPDATE or
    // RST_STREAM frame from its peer in the time before the peer receives and processes the frame that closes the stream."
    it('ignores WINDOW_UPDATE and RST_STREAM on a stream that has ended', async () => {
      const client = await closedStream();
      client.send(windowUpdate(1, 100), rstStream(1, CANCEL), endHeaders(3, get()));
      assert.equal(await expectAnswer(client, 3), CONTENT);
    });

    // "An endpoint that sends a RST_STREAM frame on a stream that is in the "open" or "half-closed (local)" state could
    // receive any type of frame. [...] An endpoint MUST minimally process and then discard any frames it receives in this
    // state."
    it('ignores what was under way to a stream that it has reset', async () => {
      const client = await target.client();
      client.send(headers(1, post()), windowUpdate(1, 0));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
      client.send(data(1, 'late'), windowUpdate(1, 5), endHeaders(1, block(['x-late', 'yes'])));
      client.send(endHeaders(3, get()));
      assert.equal(await expectAnswer(client, 3), CONTENT);
      assert.equal(client.wire.filter(({ type }) => type === RST_STREAM).length, 1);
    });
  });
}

export function streamIdentifiers(target: Target): void {
  describe('RFC 9113 5.1.1 Stream Identifiers', () => {
    // "Streams initiated by a client MUST use odd-numbered stream identifiers [...] An endpoint that receives an
    // unexpected stream identifier MUST respond with a connection error of type PROTOCOL_ERROR."
    it('h2spec http2/5.1.1/1: Sends even-numbered stream identifier', async () => {
      const client = await target.client();
      client.send(endHeaders(2, get()));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "The identifier of a newly established stream MUST be numerically greater than all streams that the initiating
    // endpoint has opened or reserved."
    it('h2spec http2/5.1.1/2: Sends stream identifier that is numerically smaller than previous', async () => {
      const client = await target.client();
      client.send(endHeaders(5, get()), endHeaders(3, get()));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('takes identifiers with gaps between them, up to the largest', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get()), endHeaders(0x7ffffffd, get()), endHeaders(0x7fffffff, get()));
      for (const id of [1, 0x7ffffffd, 0x7fffffff]) {
        await client.until(
          `the answer on ${id}`,
          ({ type, streamId }) => type === HEADERS && streamId === id,
        );
      }
    });

    it('tells in GOAWAY the last stream that it has taken up', async () => {
      const client = await target.client();
      client.send(endHeaders(7, get()), endHeaders(2, get()));
      assert.equal(await expectConnectionError(client, PROTOCOL_ERROR), 7);
    });
  });
}

export function streamConcurrency(target: Target): void {
  describe('RFC 9113 5.1.2 Stream Concurrency', () => {
    // "An endpoint that receives a HEADERS frame that causes its advertised concurrent stream limit to be exceeded MUST
    // treat this as a stream error of type PROTOCOL_ERROR or REFUSED_STREAM."
    it('h2spec http2/5.1.2/1: Sends HEADERS frames that causes their advertised concurrent stream limit to be exceeded', async () => {
      const client = await target.client();
      const first = client.wire.find(({ type }) => type === SETTINGS);
      const limit = limitOf(first?.payload ?? Buffer.alloc(0));
      assert.ok(limit !== undefined, 'no SETTINGS_MAX_CONCURRENT_STREAMS');
      const requests = Array.from({ length: limit + 1 }, (_, at) => endHeaders(1 + 2 * at, get()));
      client.send(settings([INITIAL_WINDOW_SIZE, 0]), ...requests);
      await expectStreamError(client, 1 + 2 * limit, PROTOCOL_ERROR, REFUSED_STREAM);
    });

    it('serves the streams within the limit when one above it was refused', async () => {
      const client = await target.client();
      const limit =
        limitOf(client.wire.find(({ type }) => type === SETTINGS)?.payload ?? Buffer.alloc(0)) ?? 0;
      const requests = Array.from({ length: limit + 1 }, (_, at) => endHeaders(1 + 2 * at, get()));
      client.send(settings([INITIAL_WINDOW_SIZE, 0]), ...requests, windowUpdate(1, 1000));
      await expectResponse(client, 1);
      assert.equal((await expectContent(client, 1)).toString(), CONTENT);
      const resets = client.wire.filter(({ type }) => type === RST_STREAM);
      assert.deepEqual(
        resets.map(({ streamId }) => streamId),
        [1 + 2 * limit],
      );
      assert.ok(!client.has(({ type, streamId }) => type === DATA && streamId !== 1));
    });
  });
}

function limitOf(payload: Buffer): number | undefined {
  for (let at = 0; at < payload.length; at += 6) {
    if (payload.readUInt16BE(at) === MAX_CONCURRENT_STREAMS) return payload.readUInt32BE(at + 2);
  }
  return undefined;
}
