import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import type { Locality } from '../xds/generated/envoy.config.core.v3.js';
import { bindingOption } from './binding-option.js';
import { envoyBootstrap } from './bootstrap/envoy-bootstrap.js';
import { grpcBootstrap } from './bootstrap/grpc-bootstrap.js';
import type { BootstrapIdentity } from './bootstrap/node-identity.js';
import type { HostPort } from './parse-address.js';
import { collectLabel, type Labels, NO_LABELS, parseLocality } from './parse-node.js';

interface BootstrapCommandOptions {
  readonly envoy?: true;
  readonly serviceAccount: string;
  readonly namespace: string;
  readonly pod: string;
  readonly ip: string;
  readonly label: Labels;
  readonly locality: Locality | undefined;
  readonly server: HostPort;
  readonly admin: HostPort;
  readonly output: string | undefined;
}

/** `weir bootstrap`: the file by which an xDS client finds the control plane. */
export function bootstrapCommand(): Command {
  return new Command('bootstrap')
    .description(
      'Prints the file by which an application finds the control plane through the xDS support of its gRPC library:\n' +
        'GRPC_XDS_BOOTSTRAP names it, and the application calls xds:///service.namespace:port.',
    )
    .option('--envoy', 'for a real Envoy instead (JSON, which Envoy takes as YAML)')
    .addOption(
      new Option('--service-account <name>', 'the service account of the pod')
        .env('SERVICE_ACCOUNT')
        .default('default'),
    )
    .addOption(
      new Option('--namespace <name>', 'the namespace of the pod').env('POD_NAMESPACE').default('default'),
    )
    .addOption(
      new Option('--pod <name>', 'the name of the pod').env('POD_NAME').default(hostname(), 'the host name'),
    )
    .addOption(new Option('--ip <address>', 'the IP address of the pod').env('POD_IP').default('127.0.0.1'))
    .addOption(
      new Option('--label <key=value>', 'a label of the pod, which rules may ask for; may be repeated')
        .argParser(collectLabel)
        .default(NO_LABELS, 'none'),
    )
    .option('--locality <region/zone/subzone>', 'where the pod runs (default: unknown)', parseLocality)
    .addOption(bindingOption('--server <host:port>', 'the control plane', 15010))
    .addOption(
      bindingOption('--admin <host:port>', "with --envoy: where Envoy's admin pages are served", 15000),
    )
    .option('-o, --output <file>', 'writes the file instead of printing it')
    .action((options: BootstrapCommandOptions) => run(options));
}

function run(options: BootstrapCommandOptions): void {
  const { namespace, serviceAccount, pod, ip, label: labels, locality, server, admin } = options;
  const identity: BootstrapIdentity = { namespace, serviceAccount, pod, ip, labels, locality };
  const document = options.envoy ? envoyBootstrap(server, admin, identity) : grpcBootstrap(server, identity);
  const text = `${JSON.stringify(document, undefined, 2)}\n`;
  if (options.output === undefined) process.stdout.write(text);
  else writeFileSync(options.output, text);
}
