import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { DirectoryError } from '../control/directory-error.js';
import { startControl, type ControlOptions } from '../control/start-control.js';
import { type BalancerName, BALANCERS, DEFAULT_BALANCER } from '../control/translate/sidecar/balancer.js';
import { ClusterAccessError } from '../kube/api/access/cluster-access.js';
import { openAccess } from '../kube/api/access/open-access.js';
import { systemClock } from '../system/clock.js';
import { defaultInjectSettings } from '../inject/settings.js';
import { defaultInstallSettings, NAMES } from '../install/settings.js';
import { createLogger } from '../system/logger.js';
import { systemRandom } from '../system/random.js';
import { bindingOption } from './binding-option.js';
import { contextOption, kubeconfigOption } from './cluster-options.js';
import { outputOption, printJsonLine, type OutputFormat } from './output.js';
import { type HostPort, parseHostPort } from './parse-address.js';
import { closeOnSignal } from './shutdown.js';

interface ControlCommandOptions {
  readonly file?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly xds: HostPort;
  readonly http: HostPort;
  readonly webhook: HostPort | undefined;
  readonly image: string;
  readonly controlNamespace: string;
  readonly balancer: BalancerName;
  readonly output: OutputFormat;
}

/** `-f, --file <dir>`, shared by the commands that read a directory. */
export function directoryOption(): Option {
  return optionalDirectoryOption().makeOptionMandatory();
}

function optionalDirectoryOption(): Option {
  return new Option(
    '-f, --file <dir>',
    'directory of YAML: Services, EndpointSlices, Pods, Istio rules and policies',
  );
}

/** `--balancer <name>`, shared likewise. */
export function balancerOption(): Option {
  return new Option('--balancer <name>', 'how an endpoint is chosen for each request')
    .choices(BALANCERS)
    .default(DEFAULT_BALANCER);
}

/** `weir control`: the control plane. */
export function controlCommand(): Command {
  return new Command('control')
    .description(
      'Reads Services, EndpointSlices, Pods, and Istio rules for them, follows them as they change, and serves what\n' +
        'sidecars need over xDS (ADS v3).\n' +
        'They come from a directory of YAML (-f), or from a cluster: the one --kubeconfig or --context name, or that\n' +
        'of the pod it runs in.\n' +
        'What is invalid is reported, and its last valid content stays in force; so does what is known of a cluster\n' +
        'when its API server does not answer, or forbids to ask.',
    )
    .addOption(optionalDirectoryOption())
    .addOption(kubeconfigOption().conflicts('file'))
    .addOption(contextOption().conflicts('file'))
    .addOption(new Option('--namespace <name>', 'read only this namespace of the cluster').conflicts('file'))
    .addOption(bindingOption('--xds <host:port>', 'where xDS is served, without TLS', 15010))
    .addOption(bindingOption('--http <host:port>', 'where /ready, /metrics and /status are served', 15014))
    .addOption(balancerOption())
    .addOption(
      new Option(
        '--webhook <host:port>',
        'serves injection and validation to the API server, over TLS; of a cluster only',
      )
        .argParser(parseHostPort)
        .conflicts('file'),
    )
    .option('--image <image>', 'with --webhook: the image of the sidecars', defaultInjectSettings.image)
    .option(
      '--control-namespace <name>',
      'with --webhook: where weir install has put the control plane',
      defaultInstallSettings.namespace,
    )
    .addOption(outputOption())
    .action((options: ControlCommandOptions, command: Command) => runControl(options, command));
}

async function runControl(options: ControlCommandOptions, command: Command): Promise<void> {
  const { xds, http, webhook, balancer, output } = options;
  const logger = createLogger();
  let control;
  try {
    const source = await sourceOf(options);
    const webhooks = webhook && { ...webhook, image: options.image, namespace: options.controlNamespace };
    control = await startControl({ source, xds, http, webhooks, balancer, clock: systemClock, logger });
  } catch (error) {
    if (error instanceof DirectoryError || error instanceof ClusterAccessError)
      command.error(`weir: ${error.message}`, { exitCode: 2 });
    throw error;
  }
  const { xdsAddress, httpAddress, webhookAddress, close } = control;
  closeOnSignal(close);
  if (output === 'json') {
    printJsonLine({ event: 'listening', xds: xdsAddress, http: httpAddress, webhook: webhookAddress });
  } else {
    process.stdout.write(
      `weir control reads ${options.file ?? 'the cluster'}\n  xDS   ${xdsAddress}\n  HTTP  http://${httpAddress}/status\n`,
    );
  }
}

async function sourceOf({
  file,
  kubeconfig,
  context,
  namespace,
  webhook,
  controlNamespace,
}: ControlCommandOptions): Promise<ControlOptions['source']> {
  if (file !== undefined) return { directory: file };
  const access = await openAccess({ kubeconfig, context, clock: systemClock, environment: process.env });
  // Who serves webhooks has been installed, with a Lease beside it.
  const lease = webhook && {
    namespace: controlNamespace,
    name: NAMES.control,
    identity: process.env['POD_NAME'] ?? `${hostname()}-${process.pid}`,
  };
  return { cluster: { access, random: systemRandom(), namespace, lease } };
}
