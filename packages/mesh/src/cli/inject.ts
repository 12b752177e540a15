import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { parseAllDocuments, stringify } from 'yaml';
import { injectWorkload } from '../inject/inject-workload.js';
import { defaultInjectSettings } from '../inject/settings.js';
import type { Workload } from '../inject/workload.js';

interface Options {
  readonly file: string;
  readonly namespace: string;
  readonly image: string;
  readonly xds: string;
  readonly output: 'yaml' | 'json';
  readonly onlyLabelled: boolean;
}

/** `weir inject`: the webhook's work without the webhook. */
export function injectCommand(): Command {
  return new Command('inject')
    .description(
      'Adds the sidecar to the pods of the objects in a file and prints them all, as the webhook would have them:\n' +
        '  weir inject -f deployment.yaml | kubectl apply -f -\n' +
        'What gets no sidecar is printed unchanged, with the reason on stderr. Ends with 1 when a pod can have none.',
    )
    .requiredOption('-f, --file <file>', "YAML or JSON with one or more objects; '-' for stdin")
    .option('-n, --namespace <name>', 'the namespace of objects that name none', 'default')
    .option('--image <image>', 'the image of the sidecar', defaultInjectSettings.image)
    .option('--xds <host:port>', 'the control plane', defaultInjectSettings.xds)
    .option(
      '--only-labelled',
      'only pods with weir.dev/injection: enabled, as in a namespace without the label',
      false,
    )
    .addOption(
      new Option('-o, --output <format>', 'what to print on stdout')
        .choices(['yaml', 'json'])
        .default('yaml'),
    )
    .action(run);
}

function run(options: Options, command: Command): void {
  const { file, namespace, image, xds, output, onlyLabelled } = options;
  const settings = { ...defaultInjectSettings, image, xds };
  const injected = readWorkloads(file, command).map((workload) => {
    const result = injectWorkload(workload, namespace, onlyLabelled ? undefined : 'enabled', settings);
    const { decision } = result;
    const name = `${workload.kind ?? 'object'} ${workload.metadata?.name ?? ''}`.trim();
    if (decision.kind !== 'inject') process.stderr.write(`weir: ${name}: no sidecar: ${decision.reason}\n`);
    if (decision.kind === 'refuse') process.exitCode = 1;
    return result.workload;
  });
  process.stdout.write(
    output === 'json'
      ? `${JSON.stringify(injected.length === 1 ? injected[0] : listOf(injected), undefined, 2)}\n`
      : injected
          .map((workload) => stringify(workload, { lineWidth: 0, aliasDuplicateObjects: false }))
          .join('---\n'),
  );
}

function readWorkloads(file: string, command: Command): readonly Workload[] {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    command.error(`weir: ${file} cannot be read: ${(error as Error).message}`, { exitCode: 2 });
  }
  const workloads: Workload[] = [];
  for (const document of parseAllDocuments(text, { merge: true })) {
    const [mistake] = document.errors;
    if (mistake !== undefined) command.error(`weir: ${file}: ${mistake.message}`, { exitCode: 2 });
    const value: unknown = document.toJS();
    if (value === null) continue;
    if (typeof value !== 'object' || Array.isArray(value)) {
      command.error(`weir: ${file}: this is no Kubernetes object: ${JSON.stringify(value).slice(0, 80)}`, {
        exitCode: 2,
      });
    }
    const workload = value as Workload & { readonly items?: unknown };
    if (workload.kind === 'List' && Array.isArray(workload.items))
      workloads.push(...(workload.items as Workload[]));
    else workloads.push(workload);
  }
  if (workloads.length === 0) command.error(`weir: ${file}: there is no object in it`, { exitCode: 2 });
  return workloads;
}

function listOf(items: readonly Workload[]): Workload {
  return { apiVersion: 'v1', kind: 'List', items };
}
