import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { COMMANDS } from './commands.js';
import { createProgram, usageExitCode } from './program.js';

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return String((manifest as { version?: unknown }).version);
}

const args = process.argv.slice(2);
try {
  const program = await createProgram(args, packageVersion(), COMMANDS);
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = usageExitCode(error);
  } else {
    process.stderr.write(`weir: ${error instanceof Error ? error.message : String(error)}\n`);
    if (process.env['WEIR_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  }
}
