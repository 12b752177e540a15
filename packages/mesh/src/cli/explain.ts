import { Command, InvalidArgumentError, Option } from 'commander';
import { directoryError } from '../control/directory-error.js';
import type { BalancerName } from '../control/translate/sidecar/balancer.js';
import { DiskFiles } from '../kube/directory/disk-files.js';
import type { Locality } from '../xds/generated/envoy.config.core.v3.js';
import { balancerOption, directoryOption } from './control.js';
import { describeUnknown } from './explain/describe-unknown.js';
import { formatReport } from './explain/format-report.js';
import { loadConfiguration } from './explain/load-configuration.js';
import { collectHeader, type Headers, NO_HEADERS, parseMethod } from './explain/parse-request.js';
import { explainRequest } from './explain/report.js';
import { outputOption, printJsonLine, type OutputFormat } from './output.js';
import { formatHostPort, parseHostPort, type HostPort } from './parse-address.js';
import { collectLabel, type Labels, NO_LABELS, parseLocality } from './parse-node.js';

interface ExplainOptions {
  readonly to: HostPort;
  readonly method: string;
  readonly header: Headers;
  readonly namespace: string;
  readonly label: Labels;
  readonly locality: Locality | undefined;
  readonly balancer: BalancerName;
  readonly file: string;
  readonly output: OutputFormat;
}

/** `weir explain`: where a call would go, and why. */
export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'Reads a directory of YAML once and says where a call would go: the rule that matches it, those before it and\n' +
        'why they do not, the endpoints, and the timeouts, retries and limits in force, each with the place it is\n' +
        'written. Needs nothing running. Ends with 1 when no rule takes the call.',
    )
    .addOption(
      new Option('--to <service:port>', 'what the client dials, such as greeter:50051')
        .argParser(parseDestination)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--method <path>', 'the method called, such as /helloworld.Greeter/SayHello')
        .argParser(parseMethod)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('-H, --header <name=value>', 'a header (metadata) of the call; may be repeated')
        .argParser(collectHeader)
        .default(NO_HEADERS, 'none'),
    )
    .option('-n, --namespace <name>', "the caller's namespace", 'default')
    .addOption(
      new Option(
        '--label <key=value>',
        "a label of the caller's pod, which rules may ask for; may be repeated",
      )
        .argParser(collectLabel)
        .default(NO_LABELS, 'none'),
    )
    .option('--locality <region/zone/subzone>', 'where the caller runs (default: unknown)', parseLocality)
    .addOption(directoryOption())
    .addOption(balancerOption())
    .addOption(outputOption())
    .action((options: ExplainOptions, command: Command) => explain(options, command));
}

async function explain(options: ExplainOptions, command: Command): Promise<void> {
  const { to, method: path, header: headers, namespace, label: labels, locality, balancer, output } = options;
  const files = new DiskFiles(options.file);
  try {
    await files.list();
  } catch (error) {
    command.error(`weir: ${directoryError(options.file, error).message}`, { exitCode: 2 });
  }
  const { region = '', zone = '', subZone = '' } = locality ?? {};
  const client = { namespace, labels, locality: locality && { region, zone, subZone } };
  const { model, config, errors } = await loadConfiguration(files, client, balancer);
  const request = {
    authority: formatHostPort(to),
    path,
    method: 'POST',
    scheme: 'http',
    header: (name: string) => headers[name],
  };
  const explained = explainRequest(request, to.port, config, balancer, () =>
    describeUnknown(model, to, namespace),
  );
  config.close();
  const report = { ...explained, errors };
  if (output === 'json') printJsonLine(report);
  else process.stdout.write(formatReport(report));
  if (!report.routed) process.exitCode = 1;
}

function parseDestination(text: string): HostPort {
  if (!/:[1-9]\d*$/.test(text)) {
    throw new InvalidArgumentError(`'${text}' is not SERVICE:PORT, such as greeter:50051.`);
  }
  return parseHostPort(text);
}
