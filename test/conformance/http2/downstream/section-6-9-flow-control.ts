import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ACK,
  DATA,
  data,
  END_STREAM,
  endHeaders,
  FLOW_CONTROL_ERROR,
  frame,
  FRAME_SIZE_ERROR,
  headers,
  INITIAL_WINDOW_SIZE,
  MAX_FRAME_SIZE,
  ping,
  PROTOCOL_ERROR,
  SETTINGS,
  settings,
  WINDOW_UPDATE,
  windowUpdate,
} from '../../../support/raw-frames/frame.js';
import type { RawPeer } from '../../../support/raw-frames/raw-peer.js';
import {
  expectAlive,
  expectAnswer,
  expectConnectionError,
  expectContent,
  expectData,
  expectPong,
  expectReset,
  expectResponse,
  expectStreamError,
} from '../expect.js';
import { get, getPath, post } from '../request.js';
import { CONTENT, LARGE_BYTES, type Target } from './target.js';

const MAX_WINDOW = 0x7fffffff;

async function expectAck(client: RawPeer): Promise<void> {
  await client.until('the ACK', ({ type, flags }) => type === SETTINGS && (flags & ACK) !== 0);
}

/** Octets of DATA that have come on a stream, once nothing more is on its way. */
async function contentBytes(client: RawPeer, streamId: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expectAlive(client);
  return client.wire
    .filter((received) => received.type === DATA && received.streamId === streamId)
    .reduce((sum, { payload }) => sum + payload.length, 0);
}

export function windowUpdateFrames(target: Target): void {
  describe('RFC 9113 6.9 WINDOW_UPDATE', () => {
    it('h2spec generic/3.9/1: Sends a WINDOW_UPDATE frame with stream ID 0', async () => {
      const client = await target.client();
      client.send(windowUpdate(0, 1), ping(''));
      await expectPong(client, '');
    });

    it('h2spec generic/3.9/2: Sends a WINDOW_UPDATE frame with stream ID 1', async () => {
      const client = await target.client();
      client.send(endHeaders(1, get()), windowUpdate(1, 1));
      await expectResponse(client, 1);
    });

    // "errors on the connection flow-control window MUST be treated as a connection error."
    it('h2spec http2/6.9/1: Sends a WINDOW_UPDATE frame with a flow control window increment of 0', async () => {
      const client = await target.client();
      client.send(windowUpdate(0, 0));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    // "A receiver MUST treat the receipt of a WINDOW_UPDATE frame with a flow-control window increment of 0 as a stream
    // error of type PROTOCOL_ERROR".
    it('h2spec http2/6.9/2: Sends a WINDOW_UPDATE frame with a flow control window increment of 0 on a stream', async () => {
      const client = await target.client();
      client.send(headers(1, get()), windowUpdate(1, 0));
      await expectStreamError(client, 1, PROTOCOL_ERROR);
    });

    // "A WINDOW_UPDATE frame with a length other than 4 octets MUST be treated as a connection error of type
    // FRAME_SIZE_ERROR."
    it('h2spec http2/6.9/3: Sends a WINDOW_UPDATE frame with a length other than 4 octets', async () => {
      const client = await target.client();
      client.send(frame(WINDOW_UPDATE, 0, 0, Buffer.of(0, 0, 1)));
      await expectConnectionError(client, FRAME_SIZE_ERROR);
    });

    it('refuses a WINDOW_UPDATE frame of the wrong length on a stream as well', async () => {
      const client = await target.client();
      client.send(headers(1, post()), frame(WINDOW_UPDATE, 0, 1, Buffer.of(0, 0, 0, 0, 1)));
      await expectConnectionError(client, FRAME_SIZE_ERROR);
    });

    // "Reserved: A reserved 1-bit field" before the increment.
    it('ignores the reserved bit of the increment', async () => {
      const client = await target.client([INITIAL_WINDOW_SIZE, 0]);
      client.send(endHeaders(1, get()), windowUpdate(1, 0x80000003));
      await expectData(client, 1, 3);
    });
  });
}

export function flowControlWindow(target: Target): void {
  describe('RFC 9113 6.9.1 The Flow-Control Window', () => {
    // "The sender MUST NOT send a flow-controlled frame with a length that exceeds the space available in either of the
    // flow-control windows advertised by the receiver."
    it('h2spec http2/6.9.1/1: Sends SETTINGS frame to set the initial window size to 1 and sends HEADERS frame', async () => {
      const client = await target.client();
      client.send(settings([INITIAL_WINDOW_SIZE, 1]));
      await expectAck(client);
      client.send(endHeaders(1, get()));
      await expectData(client, 1, 1);
    });

    // "A sender MUST NOT allow a flow-control window to exceed 2^31-1 octets. [...] For streams, the sender sends a
    // RST_STREAM with an error code of FLOW_CONTROL_ERROR; for the connection, a GOAWAY frame with an error code of
    // FLOW_CONTROL_ERROR is sent."
    it('h2spec http2/6.9.1/2: Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1', async () => {
      const client = await target.client();
      client.send(windowUpdate(0, MAX_WINDOW), windowUpdate(0, MAX_WINDOW));
      await expectConnectionError(client, FLOW_CONTROL_ERROR);
    });

    it('h2spec http2/6.9.1/3: Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream', async () => {
      const client = await target.client();
      client.send(headers(1, get()), windowUpdate(1, MAX_WINDOW), windowUpdate(1, MAX_WINDOW));
      await expectReset(client, 1, FLOW_CONTROL_ERROR);
    });

    it('lets a window grow to just 2^31-1', async () => {
      const client = await target.client();
      client.send(windowUpdate(0, MAX_WINDOW - 65_535), headers(1, post()));
      client.send(windowUpdate(1, MAX_WINDOW - 65_535), data(1, '', END_STREAM));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    it('stops at the stream window and goes on by what each WINDOW_UPDATE gives', async () => {
      const client = await target.client([INITIAL_WINDOW_SIZE, 10]);
      client.send(endHeaders(1, get()));
      await expectData(client, 1, 10);
      client.send(windowUpdate(1, 4));
      await expectData(client, 1, 4);
      client.send(windowUpdate(1, 1000));
      assert.equal((await expectContent(client, 1)).length, CONTENT.length - 14);
    });

    it('stops at the connection window, which all streams share', async () => {
      const client = await target.client([INITIAL_WINDOW_SIZE, LARGE_BYTES]);
      client.send(endHeaders(1, getPath('/large')), endHeaders(3, getPath('/large')));
      await expectResponse(client, 1);
      const total = (await contentBytes(client, 1)) + (await contentBytes(client, 3));
      assert.equal(total, 65_535);
      client.send(windowUpdate(0, 2 * LARGE_BYTES));
      await client.until(
        'the end of a stream',
        ({ flags, type }) => type === DATA && (flags & END_STREAM) !== 0,
      );
      await client.until(
        'the end of the other',
        ({ flags, type }) => type === DATA && (flags & END_STREAM) !== 0,
      );
      assert.equal((await contentBytes(client, 1)) + (await contentBytes(client, 3)), 2 * LARGE_BYTES);
    });

    // "Frames with zero length with the END_STREAM flag set (that is, an empty DATA frame) MAY be sent if there is no
    // available space in either flow-control window." HEADERS are not subject to flow control at all.
    it('sends the response header though the window is closed', async () => {
      const client = await target.client([INITIAL_WINDOW_SIZE, 0]);
      client.send(endHeaders(1, get()));
      await expectResponse(client, 1);
      assert.equal(await contentBytes(client, 1), 0);
    });

    it('lets a stream pass another that is stalled', async () => {
      const client = await target.client([INITIAL_WINDOW_SIZE, 0]);
      client.send(endHeaders(1, get()), endHeaders(3, get()), windowUpdate(3, 1000));
      await client.until(
        'the end of 3',
        ({ streamId, flags, type }) => type === DATA && streamId === 3 && flags === 1,
      );
      assert.equal(await contentBytes(client, 1), 0);
    });

    // 6.9: "A receiver MAY respond with a stream error or connection error of type FLOW_CONTROL_ERROR if it is unable to
    // accept a frame."
    it('refuses more content on a stream than its window', async () => {
      const client = await target.client();
      const own = client.wire.find(({ type }) => type === SETTINGS)?.payload ?? Buffer.alloc(0);
      let window = 65_535;
      for (let at = 0; at < own.length; at += 6) {
        if (own.readUInt16BE(at) === INITIAL_WINDOW_SIZE) window = own.readUInt32BE(at + 2);
      }
      client.send(headers(1, post()));
      const full = data(1, Buffer.alloc(16_384));
      const frames = Math.floor(window / 16_384) + 1;
      client.send(...Array.from({ length: frames }, () => full));
      await expectStreamError(client, 1, FLOW_CONTROL_ERROR);
    });
  });
}

export function initialWindowSize(target: Target): void {
  describe('RFC 9113 6.9.2 Initial Flow-Control Window Size', () => {
    // "When the value of SETTINGS_INITIAL_WINDOW_SIZE changes, a receiver MUST adjust the size of all stream flow-control
    // windows that it maintains by the difference between the new value and the old value."
    it('h2spec http2/6.9.2/1: Changes SETTINGS_INITIAL_WINDOW_SIZE after sending HEADERS frame', async () => {
      const client = await target.client();
      client.send(settings([INITIAL_WINDOW_SIZE, 0]));
      await expectAck(client);
      client.send(endHeaders(1, get()), settings([INITIAL_WINDOW_SIZE, 1]));
      await expectData(client, 1, 1);
    });

    // "A sender MUST track the negative flow-control window and MUST NOT send new flow-controlled frames until it
    // receives WINDOW_UPDATE frames that cause the flow-control window to become positive."
    it('h2spec http2/6.9.2/2: Sends a SETTINGS frame for window size to be negative', async () => {
      const client = await target.client();
      client.send(settings([INITIAL_WINDOW_SIZE, 3]));
      await expectAck(client);
      client.send(endHeaders(1, get()));
      await expectData(client, 1, 3);
      client.send(settings([INITIAL_WINDOW_SIZE, 2]));
      await expectAck(client);
      client.send(windowUpdate(1, 2));
      await expectData(client, 1, 1);
    });

    // 6.5.2: "Values above the maximum flow-control window size of 2^31-1 MUST be treated as a connection error of type
    // FLOW_CONTROL_ERROR."
    it('h2spec http2/6.9.2/3: Sends a SETTINGS_INITIAL_WINDOW_SIZE settings with an exceeded maximum window size value', async () => {
      const client = await target.client();
      client.send(settings([INITIAL_WINDOW_SIZE, 0x80000000]));
      await expectConnectionError(client, FLOW_CONTROL_ERROR);
    });

    // "An endpoint MUST treat a change to SETTINGS_INITIAL_WINDOW_SIZE that causes any flow-control window to exceed the
    // maximum size as a connection error of type FLOW_CONTROL_ERROR."
    it('refuses a change that makes the window of an open stream overflow', async () => {
      const client = await target.client();
      client.send(headers(1, post()), windowUpdate(1, MAX_WINDOW - 65_535));
      client.send(settings([INITIAL_WINDOW_SIZE, 65_536]));
      await expectConnectionError(client, FLOW_CONTROL_ERROR);
    });

    // "The connection flow-control window can only be changed using WINDOW_UPDATE frames."
    it('leaves the connection window alone when SETTINGS change', async () => {
      const client = await target.client([INITIAL_WINDOW_SIZE, MAX_WINDOW], [MAX_FRAME_SIZE, 100_000]);
      client.send(endHeaders(1, getPath('/large')));
      await expectResponse(client, 1);
      assert.equal(await contentBytes(client, 1), 65_535);
    });
  });
}
