/**
 * HTTP/2 frames as bytes, right or wrong: nothing here checks what it is asked to build, and nothing is shared
 * with the code under test, so that it can be its referee.
 */

/** RFC 9113 section 6, frame types. */
export const DATA = 0x0;
export const HEADERS = 0x1;
export const PRIORITY = 0x2;
export const RST_STREAM = 0x3;
export const SETTINGS = 0x4;
export const PUSH_PROMISE = 0x5;
export const PING = 0x6;
export const GOAWAY = 0x7;
export const WINDOW_UPDATE = 0x8;
export const CONTINUATION = 0x9;

export const ACK = 0x1;
export const END_STREAM = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const PRIORITY_FLAG = 0x20;

/** RFC 9113 section 7, error codes. */
export const NO_ERROR = 0x0;
export const PROTOCOL_ERROR = 0x1;
export const INTERNAL_ERROR = 0x2;
export const FLOW_CONTROL_ERROR = 0x3;
export const STREAM_CLOSED = 0x5;
export const FRAME_SIZE_ERROR = 0x6;
export const REFUSED_STREAM = 0x7;
export const CANCEL = 0x8;
export const COMPRESSION_ERROR = 0x9;
export const ENHANCE_YOUR_CALM = 0xb;

/** RFC 9113 6.5.2, identifiers of settings. */
export const HEADER_TABLE_SIZE = 0x1;
export const ENABLE_PUSH = 0x2;
export const MAX_CONCURRENT_STREAMS = 0x3;
export const INITIAL_WINDOW_SIZE = 0x4;
export const MAX_FRAME_SIZE = 0x5;
export const MAX_HEADER_LIST_SIZE = 0x6;

/** RFC 9113 3.4: "a sequence of 24 octets". */
export const MAGIC = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

const HEADER_BYTES = 9;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** Any frame at all. `streamId` may have the reserved bit set. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId >>> 0, 5);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

export function data(streamId: number, content: string | Uint8Array, flags = 0): Buffer {
  return frame(DATA, flags, streamId, typeof content === 'string' ? Buffer.from(content) : content);
}

/** DATA with padding: `padding` octets of zero behind the content. */
export function paddedData(streamId: number, content: string, padding: number, flags = 0): Buffer {
  const payload = Buffer.concat([Buffer.of(padding), Buffer.from(content), Buffer.alloc(padding)]);
  return frame(DATA, PADDED | flags, streamId, payload);
}

export function headers(streamId: number, block: Uint8Array, flags = END_HEADERS): Buffer {
  return frame(HEADERS, flags, streamId, block);
}

/** HEADERS with a request or response that ends with it. */
export function endHeaders(streamId: number, block: Uint8Array): Buffer {
  return headers(streamId, block, END_HEADERS | END_STREAM);
}

export function continuation(streamId: number, fragment: Uint8Array, flags = END_HEADERS): Buffer {
  return frame(CONTINUATION, flags, streamId, fragment);
}

export interface PriorityFields {
  readonly dependsOn?: number;
  readonly exclusive?: boolean;
  /** As on the wire, 0 to 255. */
  readonly weight?: number;
}

export function priorityPayload({ dependsOn = 0, exclusive = false, weight = 255 }: PriorityFields): Buffer {
  const payload = Buffer.alloc(5);
  payload.writeUInt32BE(((exclusive ? 0x80000000 : 0) | dependsOn) >>> 0, 0);
  payload[4] = weight;
  return payload;
}

export function priority(streamId: number, fields: PriorityFields = {}): Buffer {
  return frame(PRIORITY, 0, streamId, priorityPayload(fields));
}

export function rstStream(streamId: number, errorCode: number): Buffer {
  return frame(RST_STREAM, 0, streamId, uint32(errorCode));
}

export function settings(...values: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(values.length * 6);
  for (const [at, [id, value]] of values.entries()) {
    payload.writeUInt16BE(id, at * 6);
    payload.writeUInt32BE(value, at * 6 + 2);
  }
  return frame(SETTINGS, 0, 0, payload);
}

export function settingsAck(): Buffer {
  return frame(SETTINGS, ACK, 0);
}

export function pushPromise(streamId: number, promisedId: number, block: Uint8Array): Buffer {
  return frame(PUSH_PROMISE, END_HEADERS, streamId, Buffer.concat([uint32(promisedId), block]));
}

/** PING with up to eight octets of text. */
export function ping(text: string, flags = 0): Buffer {
  return frame(PING, flags, 0, pingPayload(text));
}

export function pingPayload(text: string): Buffer {
  const payload = Buffer.alloc(8);
  payload.write(text, 'latin1');
  return payload;
}

export function goaway(lastStreamId: number, errorCode: number, debugData = ''): Buffer {
  return frame(
    GOAWAY,
    0,
    0,
    Buffer.concat([uint32(lastStreamId), uint32(errorCode), Buffer.from(debugData, 'latin1')]),
  );
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frame(WINDOW_UPDATE, 0, streamId, uint32(increment));
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Cuts bytes into frames; keeps what is not a whole frame yet. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  push(bytes: Uint8Array): Frame[] {
    let rest = Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUIntBE(0, 3);
      if (rest.length < end) break;
      frames.push({
        type: rest.readUInt8(3),
        flags: rest.readUInt8(4),
        streamId: rest.readUInt32BE(5) & 0x7fffffff,
        payload: rest.subarray(HEADER_BYTES, end),
      });
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    return frames;
  }

  /** Octets of a frame that has not come whole. */
  get restBytes(): number {
    return this.#rest.length;
  }
}

const TYPE_NAMES = [
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'SETTINGS',
  'PUSH_PROMISE',
  'PING',
  'GOAWAY',
  'WINDOW_UPDATE',
  'CONTINUATION',
];

/** A frame in a line, for the messages of failed tests. */
export function describeFrame({ type, flags, streamId, payload }: Frame): string {
  let detail = '';
  if (type === RST_STREAM && payload.length === 4) detail = ` code ${payload.readUInt32BE(0)}`;
  if (type === GOAWAY && payload.length >= 8)
    detail = ` last ${payload.readUInt32BE(0)} code ${payload.readUInt32BE(4)} "${payload.toString('latin1', 8)}"`;
  return `${TYPE_NAMES[type] ?? `type ${type}`} stream ${streamId} flags 0x${flags.toString(16)} length ${payload.length}${detail}`;
}
