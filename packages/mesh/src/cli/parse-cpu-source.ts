import { InvalidArgumentError } from 'commander';
import { type CpuSource, OWN_CGROUP } from '../system/cpu-utilization.js';

/**
 * Reads `none`, `cgroup`, `cgroup:DIR` or `pid:NUMBER`.
 *
 * @throws InvalidArgumentError for anything else
 */
export function parseCpuSource(text: string): CpuSource {
  if (text === 'none') return { kind: 'none' };
  if (text === 'cgroup') return { kind: 'cgroup', directory: OWN_CGROUP };
  const directory = /^cgroup:(\/.*)$/.exec(text)?.[1];
  if (directory !== undefined) return { kind: 'cgroup', directory };
  const pid = /^pid:([1-9]\d{0,9})$/.exec(text)?.[1];
  if (pid !== undefined) return { kind: 'process', pid: Number(pid) };
  throw new InvalidArgumentError(`'${text}' is not none, cgroup, cgroup:/DIR or pid:NUMBER.`);
}
