import assert from 'node:assert/strict';
import {
  ACK,
  DATA,
  END_STREAM,
  GOAWAY,
  HEADERS,
  PING,
  ping,
  pingPayload,
  RST_STREAM,
} from '../../support/raw-frames/frame.js';
import type { RawPeer, Received } from '../../support/raw-frames/raw-peer.js';

/**
 * What a peer must see after it sent something. Each waits for the one frame that decides and fails on one that
 * decides otherwise, with all that came in the message.
 */

const NAMES: Readonly<Record<number, string>> = {
  0: 'NO_ERROR',
  1: 'PROTOCOL_ERROR',
  2: 'INTERNAL_ERROR',
  3: 'FLOW_CONTROL_ERROR',
  5: 'STREAM_CLOSED',
  6: 'FRAME_SIZE_ERROR',
  7: 'REFUSED_STREAM',
  8: 'CANCEL',
  9: 'COMPRESSION_ERROR',
  11: 'ENHANCE_YOUR_CALM',
};

function names(codes: readonly number[]): string {
  return codes.map((code) => NAMES[code] ?? String(code)).join(' or ');
}

function codeOf(frame: Received): number {
  return frame.payload.readUInt32BE(frame.type === GOAWAY ? 4 : 0);
}

function assertCode(peer: RawPeer, frame: Received, codes: readonly number[]): void {
  assert.ok(
    codes.includes(codeOf(frame)),
    `expected ${names(codes)}, got ${names([codeOf(frame)])}; ${peer.transcript()}`,
  );
}

/** The end of the connection, whatever comes before it. */
export async function expectEnd(peer: RawPeer): Promise<void> {
  while ((await peer.next('the end of the connection')) !== 'closed');
}

/**
 * RFC 9113 5.4.1: GOAWAY with one of `codes`, then "the endpoint MUST close the TCP connection". Returns the
 * last stream identifier that GOAWAY tells.
 */
export async function expectConnectionError(peer: RawPeer, ...codes: readonly number[]): Promise<number> {
  const frame = await peer.until(`GOAWAY with ${names(codes)}`, ({ type }) => type === GOAWAY);
  assertCode(peer, frame, codes);
  await expectEnd(peer);
  return frame.payload.readUInt32BE(0);
}

/**
 * RFC 9113 5.4.2: RST_STREAM with one of `codes`, and the connection goes on. A connection error with such a code is
 * accepted, since "an endpoint MAY choose to treat a stream error as a connection error" (5.4.1).
 */
export async function expectStreamError(
  peer: RawPeer,
  streamId: number,
  ...codes: readonly number[]
): Promise<void> {
  const frame = await peer.until(
    `RST_STREAM or GOAWAY with ${names(codes)}`,
    ({ type, streamId: id }) => type === GOAWAY || (type === RST_STREAM && id === streamId),
  );
  assertCode(peer, frame, codes);
  if (frame.type === GOAWAY) await expectEnd(peer);
  else await expectAlive(peer);
}

/** RST_STREAM with one of `codes` and nothing else will do. */
export async function expectReset(
  peer: RawPeer,
  streamId: number,
  ...codes: readonly number[]
): Promise<void> {
  const frame = await peer.until(
    `RST_STREAM with ${names(codes)}`,
    ({ type, streamId: id }) => type === GOAWAY || (type === RST_STREAM && id === streamId),
  );
  assert.equal(frame.type, RST_STREAM, `expected RST_STREAM; ${peer.transcript()}`);
  assertCode(peer, frame, codes);
}

/** The answer to the PING that carries `text`: all before it was taken without a connection error. */
export async function expectPong(peer: RawPeer, text: string): Promise<void> {
  const payload = pingPayload(text);
  const frame = await peer.until(
    `the answer to PING ${text}`,
    (received) => received.type === GOAWAY || (received.type === PING && received.payload.equals(payload)),
  );
  assert.equal(frame.type, PING, `expected the answer to PING; ${peer.transcript()}`);
  assert.equal(frame.flags & ACK, ACK, 'PING came back without ACK');
}

/** PING and its answer. */
export async function expectAlive(peer: RawPeer): Promise<void> {
  peer.send(ping('alive?'));
  await expectPong(peer, 'alive?');
}

function decides({ type, streamId }: Received, wanted: number, id: number): boolean {
  return type === GOAWAY || (streamId === id && (type === wanted || type === RST_STREAM));
}

/** The header block of a response; its `:status` must be `status`. */
export async function expectResponse(peer: RawPeer, streamId: number, status = '200'): Promise<Received> {
  const frame = await peer.until(`a response on stream ${streamId}`, (received) =>
    decides(received, HEADERS, streamId),
  );
  assert.equal(frame.type, HEADERS, `expected a response on stream ${streamId}; ${peer.transcript()}`);
  assert.equal(fieldOf(frame, ':status'), status);
  return frame;
}

/** A DATA frame of exactly `length` octets. */
export async function expectData(peer: RawPeer, streamId: number, length: number): Promise<Received> {
  const frame = await peer.until(`DATA on stream ${streamId}`, (received) =>
    decides(received, DATA, streamId),
  );
  assert.equal(frame.type, DATA, `expected DATA on stream ${streamId}; ${peer.transcript()}`);
  assert.equal(frame.payload.length, length);
  return frame;
}

/** Everything up to END_STREAM; returns the content. */
export async function expectContent(peer: RawPeer, streamId: number): Promise<Buffer> {
  const content: Buffer[] = [];
  for (;;) {
    const frame = await peer.until(
      `the end of stream ${streamId}`,
      ({ type, streamId: id }) => type === GOAWAY || id === streamId,
    );
    assert.ok(
      frame.type === DATA || frame.type === HEADERS,
      `expected the rest of the response; ${peer.transcript()}`,
    );
    if (frame.type === DATA) content.push(frame.payload);
    if ((frame.flags & END_STREAM) !== 0) return Buffer.concat(content);
  }
}

/** A whole response with status 200; returns its content. */
export async function expectAnswer(peer: RawPeer, streamId: number): Promise<string> {
  const response = await expectResponse(peer, streamId);
  return (response.flags & END_STREAM) !== 0 ? '' : (await expectContent(peer, streamId)).toString();
}

/** The value of a field, or undefined. */
export function fieldOf(frame: Received, name: string): string | undefined {
  return frame.fields.find((field) => field.name === name)?.value;
}
