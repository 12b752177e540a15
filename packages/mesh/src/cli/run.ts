import { Command } from 'commander';
import { DirectoryError } from '../control/directory-error.js';
import { startControl, type RunningControl } from '../control/start-control.js';
import type { BalancerName } from '../control/translate/sidecar/balancer.js';
import { systemClock } from '../system/clock.js';
import { createLogger } from '../system/logger.js';
import { bindingOption } from './binding-option.js';
import { balancerOption, directoryOption } from './control.js';
import { outputOption, type OutputFormat, printJsonLine } from './output.js';
import { type HostPort, parseHostPort } from './parse-address.js';
import {
  addProxyOptions,
  DEFAULT_DRAIN_MS,
  printProxyAddresses,
  type ProxyCommandOptions,
  proxyAddresses,
  startProxyFrom,
} from './proxy-options.js';
import { closeOnSignal } from './shutdown.js';

interface Options extends ProxyCommandOptions {
  readonly file: string;
  readonly xds: HostPort;
  readonly http: HostPort;
  readonly balancer: BalancerName;
  readonly output: OutputFormat;
}

/** `weir run`: a mesh without a cluster. */
export function runCommand(): Command {
  const command = new Command('run')
    .description(
      'The control plane and the proxy in one process: balances each gRPC request over the endpoints that a ' +
        'directory of Kubernetes YAML names, and follows the directory as it changes.',
    )
    .addOption(directoryOption());
  addProxyOptions(command);
  return command
    .addOption(bindingOption('--xds <host:port>', 'where xDS is served, to this proxy and any other', 15010))
    .addOption(
      bindingOption('--http <host:port>', 'where the control plane serves /ready, /metrics, /status', 15014),
    )
    .addOption(balancerOption())
    .addOption(outputOption())
    .action((options: Options) => run(options, command));
}

async function run(options: Options, command: Command): Promise<void> {
  const { file: directory, xds, http, balancer, output } = options;
  const logger = createLogger();
  let control: RunningControl;
  try {
    control = await startControl({ source: { directory }, xds, http, balancer, clock: systemClock, logger });
  } catch (error) {
    if (error instanceof DirectoryError) command.error(`weir: ${error.message}`, { exitCode: 2 });
    throw error;
  }
  let proxy;
  try {
    proxy = await startProxyFrom(options, parseHostPort(control.xdsAddress), logger);
  } catch (error) {
    control.destroy();
    throw error;
  }
  closeOnSignal(async () => {
    await proxy.close(options.drainTime ?? DEFAULT_DRAIN_MS);
    await control.close();
  });
  const addresses = proxyAddresses(options, proxy);
  if (output === 'json') {
    printJsonLine({ event: 'listening', ...addresses, xds: control.xdsAddress, http: control.httpAddress });
    return;
  }
  process.stdout.write(`weir run reads ${directory}\n`);
  printProxyAddresses(addresses);
  process.stdout.write(`control plane: http://${control.httpAddress}/status, xDS on ${control.xdsAddress}\n`);
}
