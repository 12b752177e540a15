// What stalled and idle peers cost, in figures: resident memory of the sidecar as /proc tells it (Linux only).
//
//   npm run test:backpressure
import assert from 'node:assert/strict';
import { holdConnections, holdStreams } from './idle.js';
import { downloadIntoStalledClient, uploadIntoStalledServer } from './stalled.js';

const MiB = 1024 * 1024;
const KiB = 1024;
/** What the collector may be late with. */
const NOISE_BYTES = 32 * MiB;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const [name, transfer] of [
  ['a 1 GiB upload into a stalled server', uploadIntoStalledServer],
  ['a 1 GiB download into a stalled client', downloadIntoStalledClient],
] as const) {
  const { acceptedBytes, stalledGrowthBytes, flowingGrowthBytes, seconds } = await transfer();
  print(
    `${name}: ${mib(acceptedBytes)} taken from the sender, memory grew by ${mib(stalledGrowthBytes)} at most; ` +
      `once it flowed, all of it arrived in ${seconds.toFixed(1)} s with ${mib(flowingGrowthBytes)} more at most`,
  );
  assert.ok(acceptedBytes < 8 * MiB, 'the sender was held back');
  assert.ok(stalledGrowthBytes < 8 * MiB, 'what waits is bounded');
  assert.ok(flowingGrowthBytes < 64 * MiB, 'what passes is bounded');
}

for (const [what, hold, mostBytes] of [
  ['10000 idle streams', () => holdStreams(10_000), 16 * KiB],
  ['5000 idle connections', () => holdConnections(5_000), 32 * KiB],
] as const) {
  const { held, grownBytes, heapBytes, grownAgainBytes } = await hold();
  print(
    `${what}: memory grew by ${mib(grownBytes)}, ${kib(grownBytes / held)} each ` +
      `(${kib(heapBytes / held)} of it JavaScript heap); from the second time to the fifth, ${mib(grownAgainBytes)} more`,
  );
  assert.ok(grownBytes / held < mostBytes, `each costs less than ${kib(mostBytes)}`);
  // Three rounds that leaked all they held would leave three times as much.
  const leftMost = Math.max(2 * grownBytes, NOISE_BYTES);
  assert.ok(grownAgainBytes < leftMost, `those that have gone left less than ${mib(leftMost)} behind`);
}

function mib(bytes: number): string {
  return `${(bytes / MiB).toFixed(1)} MiB`;
}

function kib(bytes: number): string {
  return `${(bytes / KiB).toFixed(1)} KiB`;
}
