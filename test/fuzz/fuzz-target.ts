import type { Random } from '@weir/core';

/** Something that takes any bytes at all. */
export interface FuzzTarget {
  /** Also the folder of its corpus. */
  readonly name: string;
  /** Parts of the paths of the compiled files that it is to reach. */
  readonly files: readonly string[];
  /** Cuts an input into what belongs together, which is then also moved as a whole. The first part stays where it is. */
  parts(input: Buffer): Buffer[];
  /**
   * Runs one input and checks what must hold. Returns what happened as short texts: an input that shows a new one
   * is worth keeping. Throws when something does not hold.
   */
  run(input: Buffer, random: Random): Iterable<string>;
}
