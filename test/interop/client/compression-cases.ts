import { compressionAlgorithms, InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { testService, zeros } from '../service.js';
import { callUnary, failureOf, finish, startClientStream, startServerStream, type Case } from './calls.js';
import { assertZeros, LARGE_REPLY_BYTES, LARGE_REQUEST_BYTES } from './payload-cases.js';
import { WireTap } from './wire-tap.js';

/** gRPC's write flag "do not compress this message". */
const NO_COMPRESS = 2;
const GZIP = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };

/** Compresses the nth message of a call on a gzip channel if `compressed[n]` says so. */
function compressEach(...compressed: readonly boolean[]): Interceptor {
  return (options, nextCall) => new SelectiveCall(nextCall(options), compressed);
}

type NextCall = ConstructorParameters<typeof InterceptingCall>[0];
type MessageContext = Parameters<InterceptingCall['sendMessageWithContext']>[0];

class SelectiveCall extends InterceptingCall {
  readonly #compressed: readonly boolean[];
  #sent = 0;

  constructor(nextCall: NextCall, compressed: readonly boolean[]) {
    super(nextCall);
    this.#compressed = compressed;
  }

  override sendMessageWithContext(context: MessageContext, message: unknown): void {
    const flags = this.#compressed[this.#sent++] === true ? 0 : NO_COMPRESS;
    super.sendMessageWithContext({ ...context, flags }, message);
  }
}

export const clientCompressedUnary: Case = async ({ connect }) => {
  const client = connect(GZIP);
  const call = (expected: boolean, compressed: boolean) =>
    callUnary(
      client,
      testService.UnaryCall,
      {
        expectCompressed: { value: expected },
        responseSize: LARGE_REPLY_BYTES,
        payload: zeros(LARGE_REQUEST_BYTES),
      },
      { interceptors: [compressEach(compressed)] },
    );
  assert.equal((await failureOf(call(true, false))).code, status.INVALID_ARGUMENT);
  for (const compressed of [true, false]) {
    assertZeros((await call(compressed, compressed)).reply.payload, LARGE_REPLY_BYTES);
  }
};

export const clientCompressedStreaming: Case = async ({ connect }) => {
  const client = connect(GZIP);
  const probe = startClientStream(client, testService.StreamingInputCall, {
    interceptors: [compressEach(false)],
  });
  probe.call.end({ expectCompressed: { value: true }, payload: zeros(27_182) });
  assert.equal((await failureOf(probe.answer)).code, status.INVALID_ARGUMENT);

  const { call, answer } = startClientStream(client, testService.StreamingInputCall, {
    interceptors: [compressEach(true, false)],
  });
  call.write({ expectCompressed: { value: true }, payload: zeros(27_182) });
  call.end({ expectCompressed: { value: false }, payload: zeros(45_904) });
  assert.equal((await answer).aggregatedPayloadSize, 73_086);
};

export const serverCompressedUnary: Case = async ({ target, connect }) => {
  await using tap = await WireTap.open(target);
  const client = connect({}, tap.address);
  for (const value of [true, false]) {
    const { reply } = await callUnary(client, testService.UnaryCall, {
      responseCompressed: { value },
      responseSize: LARGE_REPLY_BYTES,
      payload: zeros(LARGE_REQUEST_BYTES),
    });
    assertZeros(reply.payload, LARGE_REPLY_BYTES);
  }
  assert.deepEqual(tap.compressed, [true, false]);
};

export const serverCompressedStreaming: Case = async ({ target, connect }) => {
  await using tap = await WireTap.open(target);
  const { replies } = await finish(
    startServerStream(connect({}, tap.address), testService.StreamingOutputCall, {
      responseParameters: [
        { compressed: { value: true }, size: 31_415 },
        { compressed: { value: false }, size: 92_653 },
      ],
    }),
  );
  assert.equal(replies.length, 2);
  assertZeros(replies[0]?.payload, 31_415);
  assertZeros(replies[1]?.payload, 92_653);
  assert.deepEqual(tap.compressed, [true, false]);
};
