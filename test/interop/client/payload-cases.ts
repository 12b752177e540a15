import assert from 'node:assert/strict';
import { testService, zeros, type Payload } from '../service.js';
import { callUnary, finish, startClientStream, startDuplex, startServerStream, type Case } from './calls.js';

export const LARGE_REQUEST_BYTES = 271_828;
export const LARGE_REPLY_BYTES = 314_159;
const REQUEST_SIZES = [27_182, 8, 1_828, 45_904] as const;
const REPLY_SIZES = [31_415, 9, 2_653, 58_979] as const;

/** The payload has that many bytes, all zero. */
export function assertZeros(payload: Payload | null | undefined, size: number): void {
  assert.equal(payload?.body.length, size, 'size of the payload');
  assert.ok(payload.body.equals(Buffer.alloc(size)), 'the payload has bytes that are not zero');
}

export const emptyUnary: Case = async ({ client }) => {
  const { reply } = await callUnary(client, testService.EmptyCall, {});
  assert.notEqual(reply, null);
};

export const largeUnary: Case = async ({ client }) => {
  const { reply } = await callUnary(client, testService.UnaryCall, {
    responseSize: LARGE_REPLY_BYTES,
    payload: zeros(LARGE_REQUEST_BYTES),
  });
  assertZeros(reply.payload, LARGE_REPLY_BYTES);
};

export const clientStreaming: Case = async ({ client }) => {
  const { call, answer } = startClientStream(client, testService.StreamingInputCall);
  for (const size of REQUEST_SIZES) call.write({ payload: zeros(size) });
  call.end();
  assert.equal((await answer).aggregatedPayloadSize, 74_922);
};

export const serverStreaming: Case = async ({ client }) => {
  const { replies } = await finish(
    startServerStream(client, testService.StreamingOutputCall, {
      responseParameters: REPLY_SIZES.map((size) => ({ size })),
    }),
  );
  assert.equal(replies.length, REPLY_SIZES.length);
  REPLY_SIZES.forEach((size, index) => assertZeros(replies[index]?.payload, size));
};

export const pingPong: Case = async ({ client }) => {
  const call = startDuplex(client, testService.FullDuplexCall);
  const ping = (turn: number): void => {
    const size = REPLY_SIZES[turn];
    if (size === undefined) call.end();
    else call.write({ responseParameters: [{ size }], payload: zeros(REQUEST_SIZES[turn] ?? 0) });
  };
  ping(0);
  const { replies } = await finish(call, ({ payload }, turn) => {
    assertZeros(payload, REPLY_SIZES[turn] ?? -1);
    ping(turn + 1);
  });
  assert.equal(replies.length, REPLY_SIZES.length);
};

export const emptyStream: Case = async ({ client }) => {
  const call = startDuplex(client, testService.FullDuplexCall);
  call.end();
  assert.equal((await finish(call)).replies.length, 0);
};
