import { Metadata, status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { ECHO_INITIAL, ECHO_TRAILING, testService, unimplementedService, zeros } from '../service.js';
import { callUnary, failureOf, finish, startDuplex, type Case } from './calls.js';
import { assertZeros, LARGE_REPLY_BYTES, LARGE_REQUEST_BYTES } from './payload-cases.js';

const INITIAL_VALUE = 'test_initial_metadata_value';
const TRAILING_VALUE = Buffer.from('ababab', 'hex');

export const customMetadata: Case = async ({ client }) => {
  const metadata = new Metadata();
  metadata.set(ECHO_INITIAL, INITIAL_VALUE);
  metadata.set(ECHO_TRAILING, TRAILING_VALUE);
  const payload = zeros(LARGE_REQUEST_BYTES);

  const unary = await callUnary(
    client,
    testService.UnaryCall,
    { responseSize: LARGE_REPLY_BYTES, payload },
    { metadata },
  );
  const call = startDuplex(client, testService.FullDuplexCall, { metadata });
  call.write({ responseParameters: [{ size: LARGE_REPLY_BYTES }], payload });
  call.end();
  const duplex = await finish(call);

  assertZeros(unary.reply.payload, LARGE_REPLY_BYTES);
  assertZeros(duplex.replies[0]?.payload, LARGE_REPLY_BYTES);
  for (const { headers, trailers } of [unary, duplex]) {
    assert.deepEqual(headers.get(ECHO_INITIAL), [INITIAL_VALUE]);
    assert.deepEqual(trailers.get(ECHO_TRAILING), [TRAILING_VALUE]);
  }
};

export const statusCodeAndMessage: Case = async ({ client }) => {
  const responseStatus = { code: status.UNKNOWN, message: 'test status message' };
  const unary = await failureOf(callUnary(client, testService.UnaryCall, { responseStatus }));
  const call = startDuplex(client, testService.FullDuplexCall);
  call.write({ responseStatus });
  call.end();
  const duplex = await failureOf(finish(call));
  for (const { code, details } of [unary, duplex])
    assert.deepEqual({ code, message: details }, responseStatus);
};

export const specialStatusMessage: Case = async ({ client }) => {
  const responseStatus = {
    code: status.UNKNOWN,
    message: '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n',
  };
  const { code, details } = await failureOf(callUnary(client, testService.UnaryCall, { responseStatus }));
  assert.deepEqual({ code, message: details }, responseStatus);
};

export const unimplementedMethod: Case = async ({ client }) => {
  const { code } = await failureOf(callUnary(client, testService.UnimplementedCall, {}));
  assert.equal(code, status.UNIMPLEMENTED);
};

export const unimplementedServiceCase: Case = async ({ client }) => {
  const { code } = await failureOf(callUnary(client, unimplementedService.UnimplementedCall, {}));
  assert.equal(code, status.UNIMPLEMENTED);
};
