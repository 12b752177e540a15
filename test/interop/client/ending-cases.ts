import { status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { testService, zeros } from '../service.js';
import { failureOf, finish, startClientStream, startDuplex, type Case } from './calls.js';
import { assertZeros } from './payload-cases.js';

/** Cancelled at once, as described, the call may never leave the client; after 50 ms the server has it. */
export const cancelAfterBegin: Case = async ({ client }) => {
  for (const afterMs of [undefined, 50]) {
    const { call, answer } = startClientStream(client, testService.StreamingInputCall);
    const failed = failureOf(answer);
    if (afterMs !== undefined) await sleep(afterMs);
    call.cancel();
    assert.equal((await failed).code, status.CANCELLED);
  }
};

export const cancelAfterFirstResponse: Case = async ({ client }) => {
  const call = startDuplex(client, testService.FullDuplexCall);
  let replies = 0;
  const ended = finish(call, ({ payload }) => {
    assertZeros(payload, 31_415);
    replies++;
    call.cancel();
  });
  call.write({ responseParameters: [{ size: 31_415 }], payload: zeros(27_182) });
  assert.equal((await failureOf(ended)).code, status.CANCELLED);
  assert.equal(replies, 1);
};

/** With 1 ms, as described, the call may never leave the client; with 100 ms it reaches the server. */
export const timeoutOnSleepingServer: Case = async ({ client }) => {
  for (const timeoutMs of [1, 100]) {
    const call = startDuplex(client, testService.FullDuplexCall, { timeoutMs });
    const ended = failureOf(finish(call));
    call.write({ payload: zeros(27_182) });
    assert.equal((await ended).code, status.DEADLINE_EXCEEDED);
  }
};
