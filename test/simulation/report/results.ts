import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Summary, TimeLine } from '../run/summary.js';

/** What is kept of one point. */
export interface PointResult {
  readonly policy: string;
  readonly title: string;
  readonly group: string;
  readonly x: number;
  readonly summary: Summary;
  /** In scenarios. */
  readonly timeLine?: TimeLine;
  /** Calls per replica. */
  readonly perReplica?: readonly number[];
}

export interface PartResult {
  readonly part: string;
  readonly seeds: number;
  readonly points: readonly PointResult[];
}

export function writeResult(folder: string, result: PartResult): void {
  mkdirSync(join(folder, 'results'), { recursive: true });
  const shortened = JSON.stringify(result, (_, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  );
  // One point a line: a difference can be read.
  const text = shortened.replaceAll('{"policy"', '\n{"policy"');
  writeFileSync(join(folder, 'results', `${result.part}.json`), `${text}\n`);
}

/** @returns `undefined` when the part has not been run */
export function readResult(folder: string, part: string): PartResult | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'results', `${part}.json`), 'utf8')) as PartResult;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
