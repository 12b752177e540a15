import { Option } from 'commander';

export type OutputFormat = 'text' | 'json';

/**
 * The `-o, --output` option of every command; its value is an {@link OutputFormat} under the key `output`.
 */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'what to print on stdout')
    .choices(['text', 'json'])
    .default('text');
}

/** Prints one JSON value as one line on stdout, which is all that `-o json` puts there. */
export function printJsonLine(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
