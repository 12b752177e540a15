import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CANCEL,
  continuation,
  END_HEADERS,
  END_STREAM,
  endHeaders,
  frame,
  FRAME_SIZE_ERROR,
  HEADERS,
  headers,
  INITIAL_WINDOW_SIZE,
  PADDED,
  ping,
  priority,
  PRIORITY,
  PRIORITY_FLAG,
  priorityPayload,
  PROTOCOL_ERROR,
  RST_STREAM,
  rstStream,
  settings,
} from '../../../support/raw-frames/frame.js';
import { block } from '../../../support/raw-frames/hpack-writer.js';
import {
  expectAlive,
  expectAnswer,
  expectConnectionError,
  expectPong,
  expectResponse,
  expectStreamError,
} from '../expect.js';
import { get, longFields } from '../request.js';
import { CONTENT, type Target } from './target.js';

export function headersFrames(target: Target): void {
  describe('RFC 9113 6.2 HEADERS', () => {
    it('h2spec generic/3.2/1: Sends a HEADERS frame', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get()));
      await expectResponse(client, 1);
    });

    it('h2spec generic/3.2/2: Sends a HEADERS frame with padding', async () => {
      const client = await target.client();
      const payload = Buffer.concat([Buffer.of(8), get(), Buffer.alloc(8)]);
      client.send(headers(1, payload, END_HEADERS | END_STREAM | PADDED));
      await expectResponse(client, 1);
    });

    it('h2spec generic/3.2/3: Sends a HEADERS frame with priority', async () => {
      const client = await target.client();
      const payload = Buffer.concat([priorityPayload({}), get()]);
      client.send(headers(1, payload, END_HEADERS | END_STREAM | PRIORITY_FLAG));
      await expectResponse(client, 1);
    });

    it('takes padding and priority together, split over CONTINUATION', async () => {
      const client = await target.client();
      const whole = get();
      const first = [Buffer.of(3), priorityPayload({ weight: 0 }), whole.subarray(0, 9), Buffer.alloc(3)];
      client.send(headers(1, Buffer.concat(first), END_STREAM | PADDED | PRIORITY_FLAG));
      client.send(continuation(1, whole.subarray(9)));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    // "A HEADERS frame without the END_HEADERS flag set MUST be followed by a CONTINUATION frame for the same stream. A
    // receiver MUST treat the receipt of any other type of frame or a frame on a different stream as a connection error
    // of type PROTOCOL_ERROR."
    it('h2spec http2/6.2/1: Sends a HEADERS frame without the END_HEADERS flag, and a PRIORITY frame', async () => {
      const client = await target.client();
      client.send(headers(1, get(), 0), priority(1), continuation(1, block(...longFields(1))));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('h2spec http2/6.2/2: Sends a HEADERS frame to another stream while sending a HEADERS frame', async () => {
      const client = await target.client();
      client.send(headers(1, get(), 0), endHeaders(3, get()), continuation(1, block(...longFields(1))));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "If a HEADERS frame is received whose Stream Identifier field is 0x00, the recipient MUST respond with a
    // connection error of type PROTOCOL_ERROR."
    it('h2spec http2/6.2/3: Sends a HEADERS frame with 0x0 stream identifier', async () => {
      const client = await target.client();
      client.send(endHeaders(0, get()));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "If the length of the padding is the length of the frame payload or greater, the recipient MUST treat this as a
    // connection error of type PROTOCOL_ERROR."
    it('h2spec http2/6.2/4: Sends a HEADERS frame with invalid pad length', async () => {
      const client = await target.client();
      const whole = get();
      const payload = Buffer.concat([Buffer.of(whole.length + 2), whole]);
      client.send(headers(1, payload, END_HEADERS | END_STREAM | PADDED));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });

    // 4.2: "A frame size error in a frame that could alter the state of the entire connection MUST be treated as a
    // connection error".
    it('refuses HEADERS too short for its priority or its pad length', async () => {
      for (const [flags, payload] of [
        [PRIORITY_FLAG, Buffer.alloc(4)],
        [PADDED, Buffer.alloc(0)],
        [PADDED | PRIORITY_FLAG, Buffer.alloc(5)],
      ] as const) {
        const client = await target.client();
        client.send(headers(1, payload, END_HEADERS | END_STREAM | flags));
        await expectConnectionError(client, FRAME_SIZE_ERROR, PROTOCOL_ERROR);
      }
    });

    for (const [name, type] of [
      ['DATA', 0],
      ['HEADERS', HEADERS],
      ['RST_STREAM', RST_STREAM],
      ['SETTINGS', 4],
      ['PING', 6],
      ['GOAWAY', 7],
      ['WINDOW_UPDATE', 8],
    ] as const) {
      it(`refuses ${name} where CONTINUATION has to follow`, async () => {
        const client = await target.client();
        client.send(headers(1, get(), END_STREAM), frame(type, 0, type === 4 || type > 5 ? 0 : 1));
        await expectConnectionError(client, PROTOCOL_ERROR);
      });
    }
  });
}

export function priorityFrames(target: Target): void {
  describe('RFC 9113 6.3 PRIORITY', () => {
    for (const [name, bytes] of [
      ['1: Sends a PRIORITY frame with priority 1', priority(1, { weight: 0 })],
      ['2: Sends a PRIORITY frame with priority 256', priority(1, { weight: 255 })],
      ['3: Sends a PRIORITY frame with stream dependency', priority(3, { dependsOn: 1, weight: 0 })],
      ['4: Sends a PRIORITY frame with exclusive', priority(1, { exclusive: true, weight: 0 })],
      [
        '5: Sends a PRIORITY frame for an idle stream, then send a HEADER frame for a lower stream ID',
        priority(3, { weight: 255 }),
      ],
    ] as const) {
      it(`h2spec generic/3.3/${name}`, async () => {
        const client = await target.client();
        client.send(bytes, endHeaders(1, get()));
        await expectResponse(client, 1);
      });
    }

    // "If a PRIORITY frame is received with a stream identifier of 0x00, the recipient MUST respond with a connection
    // error of type PROTOCOL_ERROR."
    it('h2spec http2/6.3/1: Sends a PRIORITY frame with 0x0 stream identifier', async () => {
      const client = await target.client();
      client.send(priority(0));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "A PRIORITY frame with a length other than 5 octets MUST be treated as a stream error of type FRAME_SIZE_ERROR."
    it('h2spec http2/6.3/2: Sends a PRIORITY frame with a length other than 5 octets', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get()), frame(PRIORITY, 0, 1, Buffer.of(0x80, 0, 0, 1)));
      await expectStreamError(client, 1, FRAME_SIZE_ERROR);
    });

    // "The PRIORITY frame does not define any flags."
    it('ignores flags of PRIORITY', async () => {
      const client = await target.client();
      client.send(frame(PRIORITY, 0xff, 1, priorityPayload({})), endHeaders(1, get()));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });
  });
}

export function rstStreamFrames(target: Target): void {
  describe('RFC 9113 6.4 RST_STREAM', () => {
    it('h2spec generic/3.4/1: Sends a RST_STREAM frame', async () => {
      const client = await target.client();
      client.send(headers(1, get()), rstStream(1, CANCEL), ping(''));
      await expectPong(client, '');
    });

    // "If a RST_STREAM frame is received with a stream identifier of 0x00, the recipient MUST treat this as a connection
    // error of type PROTOCOL_ERROR."
    it('h2spec http2/6.4/1: Sends a RST_STREAM frame with 0x0 stream identifier', async () => {
      const client = await target.client();
      client.send(rstStream(0, CANCEL));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "If a RST_STREAM frame identifying an idle stream is received, the recipient MUST treat this as a connection error
    // of type PROTOCOL_ERROR."
    it('h2spec http2/6.4/2: Sends a RST_STREAM frame on a idle stream', async () => {
      const client = await target.client();
      client.send(rstStream(1, CANCEL));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "A RST_STREAM frame with a length other than 4 octets MUST be treated as a connection error of type
    // FRAME_SIZE_ERROR."
    for (const length of [3, 5]) {
      const name = 'h2spec http2/6.4/3: Sends a RST_STREAM frame with a length other than 4 octets';
      it(length === 3 ? name : 'refuses a RST_STREAM frame of 5 octets', async () => {
        const client = await target.client();
        client.send(endHeaders(1, get()), frame(RST_STREAM, 0, 1, Buffer.alloc(length)));
        await expectConnectionError(client, FRAME_SIZE_ERROR);
      });
    }

    // "After receiving a RST_STREAM on a stream, the receiver MUST NOT send additional frames for that stream, except
    // for PRIORITY."
    it('sends nothing more on a stream that was reset', async () => {
      const client = await target.client();
      client.send(settings([INITIAL_WINDOW_SIZE, 0]), endHeaders(1, get()));
      await expectResponse(client, 1);
      client.send(rstStream(1, CANCEL), settings([INITIAL_WINDOW_SIZE, 1000]));
      await expectAlive(client);
      assert.ok(client.wire.every(({ type, streamId }) => streamId !== 1 || type !== 0));
    });
  });
}
