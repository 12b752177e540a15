import protobuf from 'protobufjs/minimal.js';

/** Protobuf wire format: what the generated message modules share. Source: protobuf.dev "Encoding". */

export type Reader = protobuf.Reader;
export type Writer = protobuf.Writer;
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function createReader(bytes: Uint8Array): Reader {
  return protobuf.Reader.create(bytes);
}

export function createWriter(): Writer {
  return protobuf.Writer.create();
}

/** Reads a length prefix and returns where the nested value ends; throws RangeError when that lies outside the enclosing one. */
export function nestedEnd(reader: Reader, enclosingEnd: number): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > enclosingEnd)
    throw new RangeError(`a nested message of ${length} bytes runs past its enclosing message`);
  return end;
}

/** Throws RangeError when the last field of a message ran past the message. */
export function checkEnd(reader: Reader, end: number): void {
  if (reader.pos !== end) throw new RangeError('a field runs past the end of its message');
}

/** Steps over a field nobody asked for. */
export function skip(reader: Reader, tag: number): void {
  reader.skipType(tag & 7, 0, tag >>> 3);
}

/** 64-bit integers, which the reader gives as `Long`, are numbers here: exact up to 2^53, and no xDS field needs more. */
export function toNumber(value: number | object): number {
  return typeof value === 'number' ? value : Number(value.toString());
}

/** Appends in place to a list under construction, or starts one. */
export function append<T>(list: readonly T[] | undefined, item: T): readonly T[] {
  if (list === undefined) return [item];
  (list as T[]).push(item);
  return list;
}

/** Sets an entry of a map under construction, or starts one. `__proto__` is a key like any other. */
export function put<T>(
  record: Readonly<Record<string, T>> | undefined,
  key: string,
  value: T,
): Readonly<Record<string, T>> {
  const target: Record<string, T> = record ?? {};
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  return target;
}
