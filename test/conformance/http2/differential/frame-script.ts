import type { Random } from '@weir/core';
import {
  CANCEL,
  continuation,
  END_HEADERS,
  END_STREAM,
  endHeaders,
  frame,
  headers,
  PADDED,
  PRIORITY_FLAG,
  priorityPayload,
  rstStream,
  settings,
  uint32,
} from '../../../support/raw-frames/frame.js';
import { block, indexed, indexing, sizeUpdate } from '../../../support/raw-frames/hpack-writer.js';
import { get, getWithout, post } from '../request.js';

/** Frames to send after the handshake. */
export interface FrameScript {
  readonly frames: readonly Buffer[];
  /** The random ones among them: one, or a header block's two. */
  readonly random: readonly Buffer[];
  /** What the random ones are, in words. */
  readonly description: string;
  /** The first of them. */
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
}

/** What every script opens first, so that random frames meet streams in all states. */
export const OPEN = 1;
export const HALF_CLOSED = 3;
export const RESET = 5;
export const IDLE = 7;

/** Only the last frame of a script is random: what came before an error would blur it. */
export function randomScript(random: Random): FrameScript {
  const [description, ...frames] = randomFrame(random);
  return script(description, frames);
}

/** The frames of several scripts on one connection. */
export function sequence(scripts: readonly FrameScript[]): FrameScript {
  return script(
    scripts.map(({ description }) => description).join('; '),
    scripts.flatMap(({ random }) => random),
  );
}

function script(description: string, random: readonly Buffer[]): FrameScript {
  const first = random[0] ?? Buffer.alloc(9);
  return {
    frames: [
      headers(OPEN, post()),
      endHeaders(HALF_CLOSED, get()),
      headers(RESET, post()),
      rstStream(RESET, CANCEL),
      ...random,
    ],
    random,
    description,
    type: first.readUInt8(3),
    flags: first.readUInt8(4),
    streamId: first.readUInt32BE(5),
  };
}

type Described = readonly [description: string, ...frames: Buffer[]];

function randomFrame(random: Random): Described {
  const id = oneOf(random, [0, OPEN, OPEN, HALF_CLOSED, RESET, IDLE, IDLE, 9, 2]);
  const makers = [
    randomData,
    randomHeaders,
    randomHeaders,
    randomPriority,
    randomRstStream,
    randomSettings,
    randomPushPromise,
    randomPing,
    randomGoaway,
    randomWindowUpdate,
    randomContinuation,
    randomAnything,
  ];
  const [description, ...frames] = oneOf(random, makers)(random, id);
  return [`${description} on stream ${id}`, ...frames];
}

function randomData(random: Random, id: number): Described {
  const flags = oneOf(random, [0, END_STREAM, PADDED, PADDED | END_STREAM, 0xf6]);
  const payload = Buffer.alloc(oneOf(random, [0, 1, 5, 100, 16_384]));
  if (payload.length > 0 && (flags & PADDED) !== 0) payload[0] = random.int(8);
  return [`DATA flags ${flags} pad ${payload[0]} length ${payload.length}`, frame(0, flags, id, payload)];
}

const BLOCKS: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['a GET', get()],
  ['a POST', post()],
  ['a POST with content-length', post(['content-length', '5'])],
  ['a request without :path', getWithout(':path')],
  ['a request without :method', getWithout(':method')],
  ['a request without :authority', getWithout(':authority')],
  ['a capital', get(['X-Test', '1'])],
  ['connection', get(['connection', 'close'])],
  ['te trailers', get(['te', 'trailers'])],
  ['te gzip', get(['te', 'gzip'])],
  ['a duplicate', get([':path', '/'])],
  ['a pseudo-header field behind', block(['x', '1'], [':method', 'GET'])],
  ['an unknown pseudo-header field', get([':x', '1'])],
  [':status', get([':status', '200'])],
  ['trailers', block(['x-trailer', '1'])],
  ['nothing', Buffer.alloc(0)],
  ['index 0', Buffer.concat([get(), indexed(0)])],
  ['an index that is not there', Buffer.concat([get(), indexed(99)])],
  ['a cut literal', Buffer.concat([get(), Buffer.of(0x40, 3, 0x61)])],
  ['a size update', Buffer.concat([sizeUpdate(0), get()])],
  ['a size update too high', Buffer.concat([sizeUpdate(5_000), get()])],
  ['a late size update', Buffer.concat([get(), sizeUpdate(0)])],
  ['an indexed field', Buffer.concat([get(), indexing(['x-kept', '1']), indexed(62)])],
  ['NUL in a value', get(['x-test', 'a\0b'])],
  ['LF in a value', get(['x-test', 'a\nb'])],
  ['another host', get(['host', 'other.test'])],
];

function randomHeaders(random: Random, id: number): Described {
  const [name, bytes] = oneOf(random, BLOCKS);
  const flags = oneOf(random, [END_HEADERS, END_HEADERS | END_STREAM, END_HEADERS | END_STREAM]);
  const extra = oneOf(random, [0, 0, 0, PADDED, PRIORITY_FLAG, PADDED | PRIORITY_FLAG]);
  const parts: Buffer[] = [];
  const padding = oneOf(random, [0, 4, 255]);
  if ((extra & PADDED) !== 0) parts.push(Buffer.of(padding));
  if ((extra & PRIORITY_FLAG) !== 0) parts.push(priorityPayload({ dependsOn: oneOf(random, [0, id, 11]) }));
  parts.push(bytes);
  if ((extra & PADDED) !== 0 && padding < 255) parts.push(Buffer.alloc(padding));
  const description = `HEADERS flags ${flags | extra} with ${name}`;
  return [description, headers(id, Buffer.concat(parts), flags | extra)];
}

function randomPriority(random: Random, id: number): Described {
  const payload = priorityPayload({ dependsOn: oneOf(random, [0, id, 11]), weight: random.int(256) });
  const length = oneOf(random, [5, 5, 4, 6]);
  return [
    `PRIORITY on ${payload.readUInt32BE(0)} length ${length}`,
    frame(2, 0, id, Buffer.concat([payload, Buffer.alloc(1)]).subarray(0, length)),
  ];
}

function randomRstStream(random: Random, id: number): Described {
  const length = oneOf(random, [4, 4, 4, 3, 5]);
  const code = oneOf(random, [0, 8, 0xff]);
  return [
    `RST_STREAM code ${code} length ${length}`,
    frame(3, 0, id, Buffer.concat([uint32(code), Buffer.alloc(1)]).subarray(0, length)),
  ];
}

function randomSettings(random: Random, id: number): Described {
  const setting = oneOf(random, [1, 2, 3, 4, 5, 6, 99]);
  const value = oneOf(random, [0, 1, 2, 100, 16_383, 16_384, 16_777_216, 0x7fffffff, 0x80000000]);
  const whole = settings([setting, value]).subarray(9);
  const length = oneOf(random, [6, 6, 6, 0, 5, 7]);
  const flags = oneOf(random, [0, 0, 0, 1]);
  const streamId = oneOf(random, [0, 0, 0, id]);
  return [
    `SETTINGS (in fact on ${streamId}) ${setting}=${value} flags ${flags} length ${length}`,
    frame(4, flags, streamId, Buffer.concat([whole, Buffer.alloc(1)]).subarray(0, length)),
  ];
}

function randomPushPromise(random: Random, id: number): Described {
  return ['PUSH_PROMISE', frame(5, END_HEADERS, id, Buffer.concat([uint32(oneOf(random, [2, 9])), get()]))];
}

function randomPing(random: Random, id: number): Described {
  const length = oneOf(random, [8, 8, 7, 0, 9]);
  const flags = random.int(2);
  const streamId = oneOf(random, [0, 0, id]);
  return [
    `PING (in fact on ${streamId}) flags ${flags} length ${length}`,
    frame(6, flags, streamId, Buffer.alloc(length)),
  ];
}

function randomGoaway(random: Random, id: number): Described {
  const length = oneOf(random, [8, 8, 7, 20]);
  const streamId = oneOf(random, [0, 0, id]);
  return [`GOAWAY (in fact on ${streamId}) length ${length}`, frame(7, 0, streamId, Buffer.alloc(length))];
}

function randomWindowUpdate(random: Random, id: number): Described {
  const increment = oneOf(random, [0, 1, 1, 65_535, 0x7fffffff, 0x80000001]);
  const length = oneOf(random, [4, 4, 4, 4, 3, 5]);
  const payload = Buffer.concat([uint32(increment), Buffer.alloc(1)]).subarray(0, length);
  return [`WINDOW_UPDATE ${increment} length ${length}`, frame(8, 0, id, payload)];
}

function randomContinuation(random: Random, id: number): Described {
  if (random.int(2) === 0) return ['CONTINUATION alone', continuation(id, get())];
  const next = oneOf(random, [id, 9]);
  const flags = oneOf(random, [0, END_STREAM]);
  return [
    `HEADERS flags ${flags} and CONTINUATION on ${next}`,
    headers(id, get().subarray(0, 7), flags),
    continuation(next, get().subarray(7)),
  ];
}

function randomAnything(random: Random, id: number): Described {
  const type = oneOf(random, [10, 0x16, 0xff]);
  const length = random.int(40);
  return [`type ${type} length ${length}`, frame(type, random.int(256), id, Buffer.alloc(length))];
}

function oneOf<T>(random: Random, choices: readonly T[]): T {
  const chosen = choices[random.int(choices.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}
