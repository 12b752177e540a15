/** Below this length a loop is cheaper than the call into the engine that `Buffer.copy` makes. */
const LOOP_LIMIT = 48;

/** Copies `source[start, end)` to `target` at `offset`. */
export function copyBytes(source: Buffer, start: number, end: number, target: Buffer, offset: number): void {
  if (end - start > LOOP_LIMIT) {
    source.copy(target, offset, start, end);
    return;
  }
  for (let at = start, to = offset; at < end; at++, to++) target[to] = source[at]!;
}
