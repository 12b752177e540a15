import { spawnSync } from 'node:child_process';
import { Command, InvalidArgumentError } from 'commander';
import {
  applyCaptureRules,
  type FamilyResult,
  removeCaptureRules,
  type RunProgram,
} from '../capture/apply-capture-rules.js';
import { isCidr } from '../inject/pod-settings.js';
import { PORTS } from '../inject/settings.js';
import { outputOption, type OutputFormat, printJsonLine } from './output.js';

interface Options {
  readonly proxyUid: number;
  readonly outboundPort: number;
  readonly inboundPort: number;
  readonly excludeOutboundPorts: readonly number[];
  readonly excludeOutboundCidrs: readonly string[];
  readonly excludeInboundPorts: readonly number[];
  readonly clean: boolean;
  readonly output: OutputFormat;
}

/** The sidecar's own ports, which are meant for it and not for the application. */
const OWN_PORTS: readonly number[] = [PORTS.inbound, PORTS.metrics, PORTS.status];

/** `weir capture-init`: the step that redirects a pod's traffic. */
export function captureInitCommand(): Command {
  return new Command('capture-init')
    .description(
      "Redirects the TCP traffic of this network namespace to the sidecar, IPv4 and IPv6: the injector's init step.\n" +
        'Needs root and NET_ADMIN. To run it again is harmless; --clean takes the rules back.',
    )
    .option(
      '--proxy-uid <uid>',
      "the sidecar's user and group, whose traffic is left alone",
      number(0, 2 ** 31),
      1337,
    )
    .option('--outbound-port <port>', 'where the sidecar takes outgoing connections', port, PORTS.outbound)
    .option('--inbound-port <port>', 'where the sidecar takes incoming connections', port, PORTS.inbound)
    .option(
      '--exclude-outbound-ports <ports>',
      'not captured on the way out, separated by commas',
      list(port),
      [],
    )
    .option(
      '--exclude-outbound-cidrs <networks>',
      'not captured on the way out, separated by commas',
      list(cidr),
      [],
    )
    .option(
      '--exclude-inbound-ports <ports>',
      'not captured on the way in, separated by commas',
      list(port),
      [],
    )
    .option('--clean', 'take the rules back', false)
    .addOption(outputOption())
    .action(run);
}

function run(options: Options, command: Command): void {
  let results: readonly FamilyResult[];
  try {
    results = options.clean
      ? removeCaptureRules(runProgram)
      : applyCaptureRules(
          { ...options, excludeInboundPorts: [...OWN_PORTS, ...options.excludeInboundPorts] },
          runProgram,
        );
  } catch (error) {
    command.error(`weir: ${(error as Error).message}`, { exitCode: 1 });
  }
  if (options.output === 'json') {
    printJsonLine({ event: options.clean ? 'released' : 'captured', families: results });
    return;
  }
  for (const result of results) {
    const what = options.clean ? 'released' : 'captured';
    process.stdout.write(`${result.family}: ${result.done ? what : `left alone, ${result.reason}`}\n`);
  }
}

const runProgram: RunProgram = (program, args, input = '') => {
  const { status, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (error !== undefined) return { exitCode: undefined, stderr: error.message };
  return { exitCode: status ?? -1, stderr };
};

function number(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

function port(text: string): number {
  return number(1, 65_535)(text);
}

function cidr(text: string): string {
  if (!isCidr(text)) throw new InvalidArgumentError('It must be a network such as 10.0.0.0/8 or fd00::/8.');
  return text;
}

function list<T>(parse: (text: string) => T): (text: string) => readonly T[] {
  return (text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(parse);
}
