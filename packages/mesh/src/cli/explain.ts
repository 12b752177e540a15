import { Command, InvalidArgumentError, Option } from 'commander';
import { directoryError } from '../control/directory-error.js';
import type { BalancerName } from '../control/translate/sidecar/balancer.js';
import { DiskFiles } from '../kube/directory/disk-files.js';
import type { Locality } from '../xds/generated/envoy.config.core.v3.js';
import { balancerOption, directoryOption } from './control.js';
import { askProxy, ProxyUnreachableError } from './explain/ask-proxy.js';
import { describeUnknown } from './explain/describe-unknown.js';
import { formatReport } from './explain/format-report.js';
import { loadConfiguration } from './explain/load-configuration.js';
import { collectHeader, type Headers, NO_HEADERS, parseMethod } from './explain/parse-request.js';
import { explainRequest, type ExplainReport } from '../proxy/explain/report.js';
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
  readonly file: string | undefined;
  readonly proxy: HostPort | undefined;
  readonly output: OutputFormat;
}

/** `weir explain`: where a call would go, and why. */
export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'Says where a call would go: the rule that matches it, those before it and why they do not, the endpoints, and\n' +
        'the timeouts, retries and limits in force, each with the place it is written. Reads a directory of YAML (-f),\n' +
        'and needs nothing running; or asks a running proxy (--proxy), which also knows who is ejected and what is in\n' +
        'use. Ends with 1 when no rule takes the call.',
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
    .addOption(directoryOption().makeOptionMandatory(false))
    .addOption(
      new Option('--proxy <host:port>', 'asks the proxy with this --admin, for calls through it')
        .argParser(parseHostPort)
        .conflicts(['file', 'namespace', 'label', 'locality']),
    )
    .addOption(balancerOption())
    .addOption(outputOption())
    .action((options: ExplainOptions, command: Command) => explain(options, command));
}

async function explain(options: ExplainOptions, command: Command): Promise<void> {
  const { file, proxy, output } = options;
  const report =
    proxy !== undefined
      ? await explainInProxy(proxy, options, command)
      : file !== undefined
        ? await explainDirectory(file, options, command)
        : command.error('weir: say where to look: -f DIR, or --proxy HOST:PORT of a running proxy', {
            exitCode: 2,
          });
  if (output === 'json') printJsonLine(report);
  else process.stdout.write(formatReport(report));
  if (!report.routed) process.exitCode = 1;
}

async function explainInProxy(
  proxy: HostPort,
  { to, method, header: headers, balancer }: ExplainOptions,
  command: Command,
): Promise<ExplainReport> {
  try {
    return await askProxy(proxy, { to, method, headers, balancer });
  } catch (error) {
    if (error instanceof ProxyUnreachableError) command.error(`weir: ${error.message}`, { exitCode: 2 });
    throw error;
  }
}

async function explainDirectory(
  directory: string,
  options: ExplainOptions,
  command: Command,
): Promise<ExplainReport> {
  const { to, method: path, header: headers, namespace, label: labels, locality, balancer } = options;
  const files = new DiskFiles(directory);
  try {
    await files.list();
  } catch (error) {
    command.error(`weir: ${directoryError(directory, error).message}`, { exitCode: 2 });
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
  return { ...explained, errors };
}

function parseDestination(text: string): HostPort {
  if (!/:[1-9]\d*$/.test(text)) {
    throw new InvalidArgumentError(`'${text}' is not SERVICE:PORT, such as greeter:50051.`);
  }
  return parseHostPort(text);
}
