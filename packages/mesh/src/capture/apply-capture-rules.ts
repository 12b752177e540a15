import {
  CAPTURE_CHAINS,
  CAPTURE_JUMPS,
  type CaptureRules,
  formatCaptureRules,
  type IpFamily,
} from './capture-rules.js';

/** What a program said and how it ended. */
export interface ProgramResult {
  /** `undefined` when it could not be started. */
  readonly exitCode: number | undefined;
  readonly stderr: string;
}

/** Runs a program to its end, with this as its standard input. */
export type RunProgram = (program: string, args: readonly string[], input?: string) => ProgramResult;

/** What was done in the tables of one family. */
export type FamilyResult =
  | { readonly family: IpFamily; readonly done: true }
  /** There is no such family here, as on a node without IPv6. */
  | { readonly family: IpFamily; readonly done: false; readonly reason: string };

const FAMILIES = ['ipv4', 'ipv6'] as const;
const PROGRAM = { ipv4: 'iptables', ipv6: 'ip6tables' } as const;

/**
 * Redirects the traffic of this network namespace. To do it again, also with other rules, leaves the last rules
 * in force and each jump once.
 *
 * @throws {Error} which says what is missing, when IPv4 cannot be redirected; IPv6 may be absent
 */
export function applyCaptureRules(rules: CaptureRules, run: RunProgram): readonly FamilyResult[] {
  return FAMILIES.map((family) => {
    const program = PROGRAM[family];
    const restored = run(`${program}-restore`, ['--noflush'], formatCaptureRules(rules, family));
    if (restored.exitCode !== 0) return unavailable(family, `${program}-restore`, restored);
    for (const jump of CAPTURE_JUMPS) {
      if (run(program, ['-t', 'nat', '-C', ...jump]).exitCode === 0) continue;
      const added = run(program, ['-t', 'nat', '-A', ...jump]);
      if (added.exitCode !== 0) return unavailable(family, program, added);
    }
    return { family, done: true };
  });
}

/** Takes the rules back. What is not there is no error. */
export function removeCaptureRules(run: RunProgram): readonly FamilyResult[] {
  return FAMILIES.map((family) => {
    const program = PROGRAM[family];
    const listed = run(program, ['-t', 'nat', '-S']);
    if (listed.exitCode !== 0) return unavailable(family, program, listed);
    for (const jump of CAPTURE_JUMPS) {
      while (run(program, ['-t', 'nat', '-D', ...jump]).exitCode === 0);
    }
    for (const chain of CAPTURE_CHAINS) {
      if (run(program, ['-t', 'nat', '-F', chain]).exitCode === 0) run(program, ['-t', 'nat', '-X', chain]);
    }
    return { family, done: true };
  });
}

function unavailable(family: IpFamily, program: string, { exitCode, stderr }: ProgramResult): FamilyResult {
  const reason =
    exitCode === undefined
      ? `${program} is not installed`
      : `${program} ended with ${exitCode}: ${stderr.trim().split('\n')[0] ?? ''}`;
  if (family === 'ipv4') {
    throw new Error(
      `${reason}. This step needs iptables, root and NET_ADMIN in the pod's network namespace; where that is not ` +
        "allowed (Pod Security 'restricted'), use the annotation weir.dev/capture: proxy-env.",
    );
  }
  return { family, done: false, reason };
}
