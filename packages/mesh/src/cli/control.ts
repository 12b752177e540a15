import { Command, Option } from 'commander';
import { DirectoryError } from '../control/directory-error.js';
import { startControl } from '../control/start-control.js';
import type { BalancerName } from '../control/translate/sidecar/balancer.js';
import { systemClock } from '../system/clock.js';
import { createLogger } from '../system/logger.js';
import { bindingOption } from './binding-option.js';
import { outputOption, printJsonLine, type OutputFormat } from './output.js';
import type { HostPort } from './parse-address.js';
import { closeOnSignal } from './shutdown.js';

interface ControlCommandOptions {
  readonly file: string;
  readonly xds: HostPort;
  readonly http: HostPort;
  readonly balancer: BalancerName;
  readonly output: OutputFormat;
}

/** `-f, --file <dir>`, shared by the commands that read a directory. */
export function directoryOption(): Option {
  return new Option(
    '-f, --file <dir>',
    'directory of YAML: Services, EndpointSlices, Pods, Istio rules and policies',
  ).makeOptionMandatory();
}

/** `--balancer <name>`, shared likewise. */
export function balancerOption(): Option {
  return new Option('--balancer <name>', 'how an endpoint is chosen for each request')
    .choices(['least_request', 'round_robin', 'random'])
    .default('least_request');
}

/** `weir control`: the control plane. */
export function controlCommand(): Command {
  return new Command('control')
    .description(
      'Reads Services, EndpointSlices, and Istio rules for them from a directory of YAML, follows it as it changes,\n' +
        'and serves what sidecars need over xDS (ADS v3).\n' +
        'A file that is invalid or half-written is reported, and its last valid content stays in force.',
    )
    .addOption(directoryOption())
    .addOption(bindingOption('--xds <host:port>', 'where xDS is served, without TLS', 15010))
    .addOption(bindingOption('--http <host:port>', 'where /ready, /metrics and /status are served', 15014))
    .addOption(balancerOption())
    .addOption(outputOption())
    .action((options: ControlCommandOptions, command: Command) => runControl(options, command));
}

async function runControl(options: ControlCommandOptions, command: Command): Promise<void> {
  const { file: directory, xds, http, balancer, output } = options;
  const logger = createLogger();
  let control;
  try {
    control = await startControl({ directory, xds, http, balancer, clock: systemClock, logger });
  } catch (error) {
    if (error instanceof DirectoryError) command.error(`weir: ${error.message}`, { exitCode: 2 });
    throw error;
  }
  const { xdsAddress, httpAddress, close } = control;
  closeOnSignal(close);
  if (output === 'json') {
    printJsonLine({ event: 'listening', xds: xdsAddress, http: httpAddress });
  } else {
    process.stdout.write(
      `weir control reads ${directory}\n  xDS   ${xdsAddress}\n  HTTP  http://${httpAddress}/status\n`,
    );
  }
}
