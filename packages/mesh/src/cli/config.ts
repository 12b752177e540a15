import { Command } from 'commander';
import type { ComparedClient } from '../control/http/client-config.js';
import { askControl, controlOption, ControlUnreachableError } from './ask-control.js';
import { formatComparison, isInSync } from './config/format-comparison.js';
import type { HttpAnswer } from './http-get.js';
import { outputOption, printJsonLine, type OutputFormat } from './output.js';
import type { HostPort } from './parse-address.js';

interface ConfigOptions {
  readonly control: HostPort;
  readonly all?: true;
  readonly output: OutputFormat;
}

/** `weir config`: what a proxy holds beside what it should. */
export function configCommand(): Command {
  return new Command('config')
    .description(
      'Shows what a proxy or gRPC client holds, as far as it has acknowledged it, beside what the control plane would\n' +
        'send it now: as a diff of each resource that differs. Ends with 1 when one does.',
    )
    .argument('<proxy>', 'its pod, pod.namespace, or node id, as weir status shows them')
    .addOption(controlOption())
    .option('-a, --all', 'names the resources that are as they should be, too')
    .addOption(outputOption())
    .action((proxy: string, options: ConfigOptions, command: Command) => run(proxy, options, command));
}

async function run(proxy: string, { control, all, output }: ConfigOptions, command: Command): Promise<void> {
  const { status, body } = await ask(proxy, control, command);
  if (status !== 200) command.error(`weir: ${body.trim()}`, { exitCode: 2 });
  const clients = JSON.parse(body) as readonly ComparedClient[];
  if (output === 'json') printJsonLine(clients);
  else for (const client of clients) process.stdout.write(formatComparison(client, all !== true));
  process.exitCode = clients.every(({ resources }) => resources.every(isInSync)) ? 0 : 1;
}

async function ask(proxy: string, control: HostPort, command: Command): Promise<HttpAnswer> {
  try {
    return await askControl(control, `/config?client=${encodeURIComponent(proxy)}`);
  } catch (error) {
    if (error instanceof ControlUnreachableError) command.error(`weir: ${error.message}`, { exitCode: 2 });
    throw error;
  }
}
