import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ACK,
  DATA,
  ENABLE_PUSH,
  END_STREAM,
  endHeaders,
  FLOW_CONTROL_ERROR,
  frame,
  FRAME_SIZE_ERROR,
  HEADER_TABLE_SIZE,
  INITIAL_WINDOW_SIZE,
  MAX_CONCURRENT_STREAMS,
  MAX_FRAME_SIZE,
  MAX_HEADER_LIST_SIZE,
  ping,
  PROTOCOL_ERROR,
  SETTINGS,
  settings,
  settingsAck,
} from '../../../support/raw-frames/frame.js';
import { HpackReader } from '../../../support/raw-frames/hpack-reader.js';
import type { RawPeer } from '../../../support/raw-frames/raw-peer.js';
import { expectAlive, expectAnswer, expectConnectionError, expectData, expectPong } from '../expect.js';
import { get } from '../request.js';
import { CONTENT, type Target } from './target.js';

async function expectAck(client: RawPeer): Promise<void> {
  await client.until('the ACK', ({ type, flags }) => type === SETTINGS && (flags & ACK) !== 0);
}

export function settingsFrames(target: Target): void {
  describe('RFC 9113 6.5 SETTINGS', () => {
    it('h2spec generic/3.5/1: Sends a SETTINGS frame', async () => {
      const client = await target.client();
      client.send(
        settings(
          [HEADER_TABLE_SIZE, 4096],
          [ENABLE_PUSH, 1],
          [MAX_CONCURRENT_STREAMS, 100],
          [INITIAL_WINDOW_SIZE, 65_535],
          [MAX_FRAME_SIZE, 16_384],
          [MAX_HEADER_LIST_SIZE, 100],
        ),
      );
      await expectAck(client);
    });

    // "Receipt of a SETTINGS frame with the ACK flag set and a length field value other than 0 MUST be treated as a
    // connection error of type FRAME_SIZE_ERROR."
    it('h2spec http2/6.5/1: Sends a SETTINGS frame with ACK flag and payload', async () => {
      const client = await target.client();
      client.send(frame(SETTINGS, ACK, 0, Buffer.of(0)));
      await expectConnectionError(client, FRAME_SIZE_ERROR);
    });

    // "If an endpoint receives a SETTINGS frame whose Stream Identifier field is anything other than 0x00, the endpoint
    // MUST respond with a connection error of type PROTOCOL_ERROR."
    it('h2spec http2/6.5/2: Sends a SETTINGS frame with a stream identifier other than 0x0', async () => {
      const client = await target.client();
      client.send(frame(SETTINGS, 0, 1, Buffer.of(0, 3, 0, 0, 0, 0x64)));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "A SETTINGS frame with a length other than a multiple of 6 octets MUST be treated as a connection error of type
    // FRAME_SIZE_ERROR."
    it('h2spec http2/6.5/3: Sends a SETTINGS frame with a length other than a multiple of 6 octets', async () => {
      const client = await target.client();
      client.send(frame(SETTINGS, 0, 0, Buffer.of(0, 3, 0)));
      await expectConnectionError(client, FRAME_SIZE_ERROR, PROTOCOL_ERROR);
    });

    it('passes over an acknowledgement that nothing called for', async () => {
      const client = await target.client();
      client.send(settingsAck(), settingsAck(), endHeaders(1, get()));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });
  });
}

export function definedSettings(target: Target): void {
  describe('RFC 9113 6.5.2 Defined Settings', () => {
    for (const [name, id, value, code] of [
      // "Any value other than 0 or 1 MUST be treated as a connection error of type PROTOCOL_ERROR."
      ['1: SETTINGS_ENABLE_PUSH (0x2): Sends the value other than 0 or 1', ENABLE_PUSH, 2, PROTOCOL_ERROR],
      // "Values above the maximum flow-control window size of 2^31-1 MUST be treated as a connection error of type
      // FLOW_CONTROL_ERROR."
      [
        '2: SETTINGS_INITIAL_WINDOW_SIZE (0x4): Sends the value above the maximum flow control window size',
        INITIAL_WINDOW_SIZE,
        0x80000000,
        FLOW_CONTROL_ERROR,
      ],
      // "Values outside this range MUST be treated as a connection error of type PROTOCOL_ERROR."
      [
        '3: SETTINGS_MAX_FRAME_SIZE (0x5): Sends the value below the initial value',
        MAX_FRAME_SIZE,
        16_383,
        PROTOCOL_ERROR,
      ],
      [
        '4: SETTINGS_MAX_FRAME_SIZE (0x5): Sends the value above the maximum allowed frame size',
        MAX_FRAME_SIZE,
        16_777_216,
        PROTOCOL_ERROR,
      ],
    ] as const) {
      it(`h2spec http2/6.5.2/${name}`, async () => {
        const client = await target.client();
        client.send(settings([id, value]));
        await expectConnectionError(client, code);
      });
    }

    // "An endpoint that receives a SETTINGS frame with any unknown or unsupported identifier MUST ignore that setting."
    it('h2spec http2/6.5.2/5: Sends a SETTINGS frame with unknown identifier', async () => {
      const client = await target.client();
      client.send(settings([0xff, 1]), ping(''));
      await expectPong(client, '');
    });

    it('takes the extreme values that are allowed', async () => {
      const client = await target.client();
      client.send(
        settings(
          [HEADER_TABLE_SIZE, 0],
          [HEADER_TABLE_SIZE, 0xffffffff],
          [ENABLE_PUSH, 0],
          [MAX_CONCURRENT_STREAMS, 0],
          [MAX_CONCURRENT_STREAMS, 0xffffffff],
          [INITIAL_WINDOW_SIZE, 0x7fffffff],
          [MAX_FRAME_SIZE, 16_777_215],
          [MAX_HEADER_LIST_SIZE, 0],
          [MAX_HEADER_LIST_SIZE, 0xffffffff],
        ),
      );
      await expectAck(client);
      await expectAlive(client);
    });

    it('ends all streams with the connection when a value is wrong', async () => {
      const client = await target.client();
      client.send(settings([INITIAL_WINDOW_SIZE, 0]), endHeaders(1, get()), settings([ENABLE_PUSH, 9]));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "A server MAY choose to omit this setting when it sends a SETTINGS frame, but if a server does include a value, it
    // MUST be 0."
    it('offers no push', async () => {
      const client = await target.client();
      const payload = client.wire.find(({ type }) => type === SETTINGS)?.payload ?? Buffer.alloc(0);
      for (let at = 0; at < payload.length; at += 6) {
        if (payload.readUInt16BE(at) === ENABLE_PUSH) assert.equal(payload.readUInt32BE(at + 2), 0);
      }
    });
  });
}

export function settingsSynchronization(target: Target): void {
  describe('RFC 9113 6.5.3 Settings Synchronization', () => {
    // "The values in the SETTINGS frame MUST be processed in the order they appear, with no other frame processing
    // between values."
    it('h2spec http2/6.5.3/1: Sends multiple values of SETTINGS_INITIAL_WINDOW_SIZE', async () => {
      const client = await target.client();
      client.send(settings([INITIAL_WINDOW_SIZE, 100], [INITIAL_WINDOW_SIZE, 1]));
      await expectAck(client);
      client.send(endHeaders(1, get()));
      await expectData(client, 1, 1);
    });

    // "Once all values have been processed, the recipient MUST immediately emit a SETTINGS frame with the ACK flag set."
    it('h2spec http2/6.5.3/2: Sends a SETTINGS frame without ACK flag', async () => {
      const client = await target.client();
      client.send(settings([ENABLE_PUSH, 0]));
      await expectAck(client);
    });

    // "SETTINGS frames are acknowledged in the order in which they are received."
    it('acknowledges each SETTINGS frame once', async () => {
      const client = await target.client();
      client.send(settings([INITIAL_WINDOW_SIZE, 5]), settings(), settings([MAX_FRAME_SIZE, 16_384]));
      await expectAlive(client);
      const acks = client.wire.filter(({ type, flags }) => type === SETTINGS && (flags & ACK) !== 0);
      assert.equal(acks.length, 4);
    });

    it('applies a SETTINGS frame before it takes the next frame', async () => {
      const client = await target.client();
      client.send(
        settings([INITIAL_WINDOW_SIZE, 7]),
        endHeaders(1, get()),
        settings([INITIAL_WINDOW_SIZE, 9]),
      );
      const lengths: number[] = [];
      while (lengths.reduce((sum, length) => sum + length, 0) < 9) {
        const part = await client.until('DATA', ({ type }) => type === DATA);
        assert.equal(part.flags & END_STREAM, 0);
        lengths.push(part.payload.length);
      }
      assert.equal(
        lengths.reduce((sum, length) => sum + length, 0),
        9,
      );
    });

    // 6.5.2: "the encoder can select any size equal to or less than this value".
    it('uses no dynamic table for a peer that allows none', async () => {
      const client = await target.client([HEADER_TABLE_SIZE, 0]);
      const strict = new HpackReader(0);
      for (const id of [1, 3, 5]) {
        client.send(endHeaders(id, get()));
        await expectAnswer(client, id);
      }
      const blocks = client.wire.filter(({ type }) => type === 1).map(({ payload }) => payload);
      assert.equal(blocks.length, 3);
      for (const payload of blocks) strict.read(payload);
      assert.equal(strict.tableBytes, 0);
    });
  });
}
