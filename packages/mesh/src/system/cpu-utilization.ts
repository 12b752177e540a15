import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@weir/core';

/** Whose use of the processor is read. */
export type CpuSource =
  | { readonly kind: 'none' }
  /** All processes of a control group of version 2, against its `cpu.max`. */
  | { readonly kind: 'cgroup'; readonly directory: string }
  /** One process, against all cores. */
  | { readonly kind: 'process'; readonly pid: number };

/** Where a container sees its own control group, and a machine its root. */
export const OWN_CGROUP = '/sys/fs/cgroup';

/** How often the counters are read; what is told is the mean since the last time. */
const PERIOD_MS = 1000;
/** `sysconf(_SC_CLK_TCK)`, which Linux tells every process alike. */
const TICKS_PER_SECOND = 100;
const MICROSECONDS_PER_SECOND = 1_000_000;
/** Fields of `/proc/PID/stat` behind the name, which is in brackets and may hold anything: proc(5). */
const UTIME_BEHIND_NAME = 11;
const STIME_BEHIND_NAME = 12;

/**
 * Follows how much of its processor a group of processes uses.
 *
 * @returns the fraction of late, 1 for all that it may use; 0 as long as it is not known, or cannot be read
 */
export function followCpu(source: CpuSource, clock: Clock): () => number {
  if (source.kind === 'none') return () => 0;
  const read = (): CpuReading | undefined => readCpu(source);
  let before = read();
  let beforeMs = clock.nowMs();
  let utilization = 0;
  const look = (): void => {
    clock.setTimer(PERIOD_MS, look);
    const now = read();
    const nowMs = clock.nowMs();
    utilization = before === undefined || now === undefined ? 0 : fractionOf(before, now, nowMs - beforeMs);
    before = now;
    beforeMs = nowMs;
  };
  clock.setTimer(PERIOD_MS, look);
  return () => utilization;
}

interface CpuReading {
  readonly usedSeconds: number;
  /** Seconds of processor time that may be used in a second. */
  readonly cores: number;
}

function fractionOf(before: CpuReading, now: CpuReading, elapsedMs: number): number {
  return Math.max(0, now.usedSeconds - before.usedSeconds) / ((elapsedMs / 1000) * now.cores);
}

function readCpu(source: Exclude<CpuSource, { kind: 'none' }>): CpuReading | undefined {
  try {
    return source.kind === 'cgroup' ? readCgroup(source.directory) : readProcess(source.pid);
  } catch {
    // It is not there, or not for us to see.
    return undefined;
  }
}

function readCgroup(directory: string): CpuReading | undefined {
  const usage = /^usage_usec (\d+)$/m.exec(readFileSync(join(directory, 'cpu.stat'), 'utf8'))?.[1];
  if (usage === undefined) return undefined;
  return { usedSeconds: Number(usage) / MICROSECONDS_PER_SECOND, cores: coresOf(directory) };
}

/** `cpu.max` is `QUOTA PERIOD`, or `max PERIOD` for no limit; the root has none. */
function coresOf(directory: string): number {
  try {
    const [quota, period] = readFileSync(join(directory, 'cpu.max'), 'utf8').split(' ').map(Number);
    const cores = quota! / period!;
    return cores > 0 ? cores : availableParallelism();
  } catch {
    return availableParallelism();
  }
}

function readProcess(pid: number): CpuReading | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[UTIME_BEHIND_NAME]) + Number(fields[STIME_BEHIND_NAME]);
  return Number.isFinite(ticks)
    ? { usedSeconds: ticks / TICKS_PER_SECOND, cores: availableParallelism() }
    : undefined;
}
