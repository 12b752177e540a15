import { block, type FieldLine } from '../../support/raw-frames/hpack-writer.js';

/** The four pseudo-header fields of an ordinary request, in the order that everybody sends them. */
export function requestFields(method = 'GET', path = '/'): readonly FieldLine[] {
  return [
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'backend.test'],
  ];
}

export function get(...more: readonly FieldLine[]): Buffer {
  return block(...requestFields(), ...more);
}

export function post(...more: readonly FieldLine[]): Buffer {
  return block(...requestFields('POST'), ...more);
}

/** A request for another path. */
export function getPath(path: string, ...more: readonly FieldLine[]): Buffer {
  return block(...requestFields('GET', path), ...more);
}

/** The fields of an ordinary request without those called `name`. */
export function getWithout(name: string): Buffer {
  return block(...requestFields().filter(([field]) => field !== name));
}

/** `count` fields of about 4000 octets each, h2spec's default for a long field. */
export function longFields(count: number): readonly FieldLine[] {
  return Array.from({ length: count }, (_, at) => [`x-dummy${at}`, 'x'.repeat(4000)]);
}
