import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ACK,
  data,
  END_STREAM,
  endHeaders,
  frame,
  FRAME_SIZE_ERROR,
  GOAWAY,
  goaway,
  headers,
  NO_ERROR,
  PING,
  ping,
  PROTOCOL_ERROR,
  pushPromise,
  rstStream,
} from '../../../support/raw-frames/frame.js';
import type { RawPeer } from '../../../support/raw-frames/raw-peer.js';
import { expectAlive, expectAnswer, expectConnectionError, expectPong } from '../expect.js';
import { get, post } from '../request.js';
import { CONTENT, type Target } from './target.js';

/** After GOAWAY a connection without streams may be closed, or go on answering PING. */
async function expectPongOrEnd(client: RawPeer): Promise<void> {
  for (;;) {
    const event = await client.next('PING or the end');
    if (event === 'closed' || (event.type === PING && event.flags === ACK)) break;
  }
  assert.ok(
    client.wire.every(({ type, payload }) => type !== GOAWAY || payload.readUInt32BE(4) === NO_ERROR),
  );
}

export function pushPromiseFrames(target: Target): void {
  describe('RFC 9113 6.6 PUSH_PROMISE and 8.4 Server Push', () => {
    // 8.4: "A client cannot push. Thus, servers MUST treat the receipt of a PUSH_PROMISE frame as a connection error of
    // type PROTOCOL_ERROR."
    it('h2spec http2/8.2/1: Sends a PUSH_PROMISE frame', async () => {
      const client = await target.client();
      client.send(pushPromise(1, 3, get()));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('refuses PUSH_PROMISE on an open stream, too', async () => {
      const client = await target.client();
      client.send(headers(1, post()), pushPromise(1, 2, get()));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });
  });
}

export function pingFrames(target: Target): void {
  describe('RFC 9113 6.7 PING', () => {
    // "Receivers of a PING frame that does not include an ACK flag MUST send a PING frame with the ACK flag set in
    // response, with an identical frame payload."
    for (const name of ['generic/3.7/1: Sends a PING frame', 'http2/6.7/1: Sends a PING frame']) {
      it(`h2spec ${name}`, async () => {
        const client = await target.client();
        client.send(ping('h2spec'));
        await expectPong(client, 'h2spec');
      });
    }

    // "An endpoint MUST NOT respond to PING frames containing this flag."
    it('h2spec http2/6.7/2: Sends a PING frame with ACK', async () => {
      const client = await target.client();
      client.send(ping('invalid', ACK), ping('h2spec'));
      await expectPong(client, 'h2spec');
      assert.equal(client.wire.filter(({ type }) => type === PING).length, 1);
    });

    // "If a PING frame is received with a Stream Identifier field value other than 0x00, the recipient MUST respond with
    // a connection error of type PROTOCOL_ERROR."
    it('h2spec http2/6.7/3: Sends a PING frame with a stream identifier field value other than 0x0', async () => {
      const client = await target.client();
      client.send(frame(PING, 0, 1, Buffer.alloc(8)));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "Receipt of a PING frame with a length field value other than 8 MUST be treated as a connection error of type
    // FRAME_SIZE_ERROR."
    for (const length of [6, 0, 9]) {
      const name = 'h2spec http2/6.7/4: Sends a PING frame with a length field value other than 8';
      it(length === 6 ? name : `refuses a PING frame of ${length} octets`, async () => {
        const client = await target.client();
        client.send(frame(PING, 0, 0, Buffer.alloc(length)));
        await expectConnectionError(client, FRAME_SIZE_ERROR);
      });
    }

    it('answers PING frames in their order while a request is open', async () => {
      const client = await target.client();
      client.send(headers(1, post()), ping('first'), ping('second'));
      await expectPong(client, 'first');
      await expectPong(client, 'second');
    });
  });
}

export function goawayFrames(target: Target): void {
  describe('RFC 9113 6.8 GOAWAY', () => {
    it('h2spec generic/3.8/1: Sends a GOAWAY frame', async () => {
      const client = await target.client();
      client.send(goaway(0, NO_ERROR, 'h2spec'), ping('h2spec'));
      await expectPongOrEnd(client);
    });

    // "An endpoint MUST treat a GOAWAY frame with a stream identifier other than 0x00 as a connection error of type
    // PROTOCOL_ERROR."
    it('h2spec http2/6.8/1: Sends a GOAWAY frame with a stream identifier other than 0x0', async () => {
      const client = await target.client();
      client.send(frame(GOAWAY, 0, 1, Buffer.alloc(8)));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('refuses a GOAWAY frame too short for its fields', async () => {
      const client = await target.client();
      client.send(frame(GOAWAY, 0, 0, Buffer.alloc(7)));
      await expectConnectionError(client, FRAME_SIZE_ERROR);
    });

    // "activity on streams numbered lower than or equal to the last stream identifier might still complete
    // successfully."
    it('completes the streams that were open when the client said GOAWAY', async () => {
      const client = await target.client();
      client.send(headers(1, post()), goaway(0, NO_ERROR), data(1, 'rest', END_STREAM));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    it('takes several GOAWAY frames', async () => {
      const client = await target.client();
      client.send(headers(1, post()), goaway(0x7fffffff, NO_ERROR), goaway(0, NO_ERROR, 'again'));
      client.send(data(1, '', END_STREAM));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });
  });

  describe('RFC 9113 7 Error Codes', () => {
    // "Unknown or unsupported error codes MUST NOT trigger any special behavior."
    it('h2spec http2/7/1: Sends a GOAWAY frame with unknown error code', async () => {
      const client = await target.client();
      client.send(goaway(0, 0xff), ping('h2spec'));
      await expectPongOrEnd(client);
    });

    it('h2spec http2/7/2: Sends a RST_STREAM frame with unknown error code', async () => {
      const client = await target.client();
      client.send(headers(1, post()), rstStream(1, 0xff), ping(''));
      await expectPong(client, '');
    });

    it('goes on with other streams after an unknown error code on one', async () => {
      const client = await target.client();
      client.send(headers(1, post()), rstStream(1, 0xffffffff), endHeaders(3, get()));
      assert.equal(await expectAnswer(client, 3), CONTENT);
      await expectAlive(client);
    });
  });
}
