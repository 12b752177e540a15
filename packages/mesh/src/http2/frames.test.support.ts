import { errorCodeName } from './error-code.js';
import * as frame from './frame.js';
import { FieldInterner, type HeaderField } from './hpack/header-field.js';
import { DECODE_OK, HpackDecoder } from './hpack/hpack-decoder.js';

export type Fields = readonly (readonly [name: string, value: string])[];

/** Any frame, well-formed or not. */
export function raw(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array | readonly number[] = [],
): Buffer {
  const header = Buffer.alloc(frame.FRAME_HEADER_BYTES);
  frame.writeFrameHeader(header, 0, payload.length, type, flags, id);
  return Buffer.concat([header, Buffer.from(payload)]);
}

/** A header block of literals without indexing and without Huffman coding (RFC 7541 6.2.2), so that it stands for itself. */
export function block(fields: Fields): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const octets = Buffer.from(text, 'latin1');
  if (octets.length < 127) return Buffer.concat([Buffer.of(octets.length), octets]);
  const length = [127];
  let rest = octets.length - 127;
  for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), octets]);
}

export interface Shape {
  readonly end?: boolean;
  /** Octets of padding; 0 still sets the flag. */
  readonly pad?: number;
}

function padded(payload: Uint8Array, pad: number | undefined): Buffer {
  return pad === undefined
    ? Buffer.from(payload)
    : Buffer.concat([Buffer.of(pad), payload, Buffer.alloc(pad)]);
}

export function data(id: number, payload: string | Uint8Array, shape: Shape = {}): Buffer {
  const flags =
    (shape.end === true ? frame.FLAG_END_STREAM : 0) | (shape.pad === undefined ? 0 : frame.FLAG_PADDED);
  return raw(frame.DATA, flags, id, padded(Buffer.from(payload as string), shape.pad));
}

export interface HeadersShape extends Shape {
  /** The stream this one depends on. */
  readonly dependency?: number;
  /** False: CONTINUATION follows. */
  readonly endHeaders?: boolean;
}

export function headers(id: number, fields: Fields | Buffer, shape: HeadersShape = {}): Buffer {
  let flags = shape.endHeaders === false ? 0 : frame.FLAG_END_HEADERS;
  if (shape.end === true) flags |= frame.FLAG_END_STREAM;
  if (shape.pad !== undefined) flags |= frame.FLAG_PADDED;
  if (shape.dependency !== undefined) flags |= frame.FLAG_PRIORITY;
  const fragment = Buffer.isBuffer(fields) ? fields : block(fields);
  const weighted = shape.dependency === undefined ? [] : [...uint32(shape.dependency), 16];
  return raw(frame.HEADERS, flags, id, padded(Buffer.concat([Buffer.from(weighted), fragment]), shape.pad));
}

export function continuation(id: number, fragment: Buffer, endHeaders: boolean): Buffer {
  return raw(frame.CONTINUATION, endHeaders ? frame.FLAG_END_HEADERS : 0, id, fragment);
}

export function settings(...values: readonly (readonly [id: number, value: number])[]): Buffer {
  return raw(
    frame.SETTINGS,
    0,
    0,
    values.flatMap(([id, value]) => [id >> 8, id & 255, ...uint32(value)]),
  );
}

export const settingsAck = raw(frame.SETTINGS, frame.FLAG_ACK, 0);

export function ping(text = '12345678'): Buffer {
  return raw(frame.PING, 0, 0, Buffer.from(text));
}

export function pong(text = '\0\0\0\0\0\0\0\0'): Buffer {
  return raw(frame.PING, frame.FLAG_ACK, 0, Buffer.from(text));
}

export function reset(id: number, errorCode: number): Buffer {
  return raw(frame.RST_STREAM, 0, id, uint32(errorCode));
}

export function goaway(lastId: number, errorCode: number, debug = ''): Buffer {
  return raw(frame.GOAWAY, 0, 0, [...uint32(lastId), ...uint32(errorCode), ...Buffer.from(debug)]);
}

export function windowUpdate(id: number, increment: number): Buffer {
  return raw(frame.WINDOW_UPDATE, 0, id, uint32(increment));
}

export function priority(id: number, dependency: number): Buffer {
  return raw(frame.PRIORITY, 0, id, [...uint32(dependency), 16]);
}

export function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** One frame in words: `HEADERS 1 END :status=200 grpc-status=0`, `DATA 1 "hello" END`, `RST_STREAM 1 CANCEL`. */
export interface ReadFrame {
  readonly type: number;
  readonly id: number;
  readonly text: string;
  readonly payload: Buffer;
}

/** Reads what a connection writes, frame by frame. */
export class FrameReader {
  #bytes: Buffer;
  #fragments: Buffer = Buffer.alloc(0);
  #preface: string;
  readonly #decoder = new HpackDecoder({
    maxTableBytes: 65_536,
    maxListBytes: 1 << 24,
    maxFields: 10_000,
    interner: new FieldInterner(),
  });

  /** @param preface - octets to skip in front of the first frame, having checked them */
  constructor(preface = '') {
    this.#bytes = Buffer.alloc(0);
    this.#preface = preface;
  }

  read(bytes: Buffer): ReadFrame[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (this.#preface !== '' && this.#bytes.length >= this.#preface.length) {
      if (this.#bytes.toString('latin1', 0, this.#preface.length) !== this.#preface)
        throw new Error('no preface');
      this.#bytes = this.#bytes.subarray(this.#preface.length);
      this.#preface = '';
    }
    const frames: ReadFrame[] = [];
    while (this.#bytes.length >= frame.FRAME_HEADER_BYTES) {
      const length = this.#bytes.readUIntBE(0, 3);
      const end = frame.FRAME_HEADER_BYTES + length;
      if (this.#bytes.length < end) break;
      const [type, flags] = [this.#bytes[3]!, this.#bytes[4]!];
      const id = frame.readUint31(this.#bytes, 5);
      const payload = Buffer.from(this.#bytes.subarray(frame.FRAME_HEADER_BYTES, end));
      frames.push({ type, id, text: this.#describe(type, flags, id, payload), payload });
      this.#bytes = this.#bytes.subarray(end);
    }
    return frames;
  }

  #describe(type: number, flags: number, id: number, payload: Buffer): string {
    const end = (flags & frame.FLAG_END_STREAM) !== 0 ? ' END' : '';
    switch (type) {
      case frame.DATA:
        return `DATA ${id} ${payload.length > 40 ? `${payload.length} bytes` : `"${payload.toString()}"`}${end}`;
      case frame.HEADERS:
        return `HEADERS ${id}${end}${this.#fields(flags, payload)}`;
      case frame.CONTINUATION:
        if ((flags & ~frame.FLAG_END_HEADERS) !== 0)
          throw new Error('CONTINUATION has no flag but END_HEADERS');
        return `CONTINUATION ${id}${this.#fields(flags, payload)}`;
      case frame.RST_STREAM:
        return `RST_STREAM ${id} ${errorCodeName(payload.readUInt32BE(0))}`;
      case frame.SETTINGS:
        if ((flags & frame.FLAG_ACK) !== 0) return 'SETTINGS ACK';
        return `SETTINGS${pairs(payload)}`;
      case frame.PING:
        return `PING${(flags & frame.FLAG_ACK) !== 0 ? ' ACK' : ''} ${JSON.stringify(payload.toString('latin1'))}`;
      case frame.GOAWAY:
        return `GOAWAY ${payload.readUInt32BE(0)} ${errorCodeName(payload.readUInt32BE(4))}`;
      case frame.WINDOW_UPDATE:
        return `WINDOW_UPDATE ${id} +${payload.readUInt32BE(0)}`;
      default:
        throw new Error(`a frame of type ${type} should never be written`);
    }
  }

  #fields(flags: number, payload: Buffer): string {
    this.#fragments = Buffer.concat([this.#fragments, payload]);
    if ((flags & frame.FLAG_END_HEADERS) === 0) return ' …';
    const fields: HeaderField[] = [];
    const result = this.#decoder.decode(this.#fragments, 0, this.#fragments.length, fields);
    this.#fragments = Buffer.alloc(0);
    if (result !== DECODE_OK) throw new Error('the header block cannot be decoded');
    return fields
      .map(({ name, value }) => ` ${name}=${value.length > 40 ? `${value.length} chars` : value}`)
      .join('');
  }
}

function pairs(payload: Buffer): string {
  let text = '';
  for (let at = 0; at < payload.length; at += 6)
    text += ` ${payload.readUInt16BE(at)}=${payload.readUInt32BE(at + 2)}`;
  return text;
}
