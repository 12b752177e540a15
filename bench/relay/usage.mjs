import { readFileSync, readdirSync } from 'node:fs';
import { groupOf } from './children.mjs';

/**
 * CPU time, user and system, that all threads of a process group have had, in microseconds. The scheduler's
 * own account (nanoseconds) rather than the ticks of /proc/PID/stat (10 ms).
 */
export function cpuMicros(group) {
  let nanos = 0;
  for (const pid of groupOf(group)) {
    for (const thread of list(`/proc/${pid}/task`)) {
      nanos += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]);
    }
  }
  return nanos / 1000;
}

/** Resident memory of a process group in bytes, pages shared among its processes counted once each. */
export function residentBytes(group) {
  let bytes = 0;
  for (const pid of groupOf(group)) {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`));
    if (match !== null) bytes += Number(match[1]) * 1024;
  }
  return bytes;
}

function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function list(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
