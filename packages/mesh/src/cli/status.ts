import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { askControl, controlOption, ControlUnreachableError } from './ask-control.js';
import { outputOption, printJsonLine, type OutputFormat } from './output.js';
import type { HostPort } from './parse-address.js';
import { formatStatus, hasRefusals, type StatusDocument } from './status/format-status.js';

interface StatusOptions {
  readonly control: HostPort;
  readonly watch?: true;
  readonly output: OutputFormat;
}

const WATCH_MS = 2000;
const CLEAR_SCREEN = '\u001B[2J\u001B[H';

/** `weir status`: who has which configuration. */
export function statusCommand(): Command {
  return new Command('status')
    .description(
      'Lists the proxies and the gRPC clients of a control plane: what each of them is, whether it has what it should\n' +
        'have (SYNCED), is about to get it (STALE) or has refused it (NACKED), since when and why, and what its\n' +
        'configuration asks for that it cannot do. Ends with 1 when one has refused something.',
    )
    .addOption(controlOption())
    .option('-w, --watch', 'shows it again every two seconds')
    .addOption(outputOption())
    .action((options: StatusOptions, command: Command) => run(options, command));
}

async function run({ control, watch, output }: StatusOptions, command: Command): Promise<void> {
  for (;;) {
    const document = await read(control, command);
    if (output === 'json') printJsonLine({ clients: document.clients, versions: document.versions });
    else process.stdout.write((watch && process.stdout.isTTY ? CLEAR_SCREEN : '') + formatStatus(document));
    process.exitCode = hasRefusals(document) ? 1 : 0;
    if (!watch) return;
    await sleep(WATCH_MS);
  }
}

async function read(control: HostPort, command: Command): Promise<StatusDocument> {
  try {
    return JSON.parse((await askControl(control, '/status')).body) as StatusDocument;
  } catch (error) {
    if (error instanceof ControlUnreachableError) command.error(`weir: ${error.message}`, { exitCode: 2 });
    throw error;
  }
}
