import { Command } from 'commander';
import { createLogger } from '../system/logger.js';
import { outputOption, type OutputFormat, printJsonLine } from './output.js';
import { type HostPort, parseHostPort } from './parse-address.js';
import { addPodOptions, captureOptions, type PodCommandOptions } from './pod-options.js';
import {
  addProxyOptions,
  DEFAULT_DRAIN_MS,
  printProxyAddresses,
  type ProxyCommandOptions,
  proxyAddresses,
  startProxyFrom,
} from './proxy-options.js';
import { closeOnSignal } from './shutdown.js';

interface Options extends ProxyCommandOptions, PodCommandOptions {
  readonly xds: HostPort;
  readonly output: OutputFormat;
}

/** `weir proxy`: the sidecar. */
export function proxyCommand(): Command {
  const command = new Command('proxy')
    .description(
      'Balances each gRPC request over the endpoints of its service. It learns the services from a control plane ' +
        '(weir control) over xDS, and keeps what it knows while the control plane is away.',
    )
    .requiredOption('--xds <host:port>', 'the control plane', parseHostPort)
    .addOption(outputOption());
  return addPodOptions(addProxyOptions(command)).action(runProxy);
}

async function runProxy(options: Options): Promise<void> {
  const logger = createLogger();
  const { status, metrics, appProbe: appProbes } = options;
  const capture = await captureOptions(options);
  const ofPod = { capture, pod: { status, metrics, appProbes } };
  const proxy = await startProxyFrom(options, options.xds, logger, ofPod);
  closeOnSignal(() => proxy.close(options.drainTime ?? DEFAULT_DRAIN_MS));
  const addresses = proxyAddresses(options, proxy);
  if (options.output === 'json') printJsonLine({ event: 'listening', ...addresses });
  else {
    printProxyAddresses(addresses);
    if (capture !== undefined) process.stdout.write('redirected connections are taken (weir capture-init)\n');
  }
}
