import { Command } from 'commander';
import { analyzeModel } from '../control/analyze/analyze-model.js';
import { directoryError } from '../control/directory-error.js';
import { Registry } from '../control/registry/registry.js';
import { DiskFiles } from '../kube/directory/disk-files.js';
import { loadOnce } from '../kube/directory/load-once.js';
import { formatProblem, type Problem } from '../kube/problem.js';
import { directoryOption } from './control.js';
import { outputOption, printJsonLine, type OutputFormat } from './output.js';

interface AnalyzeOptions {
  readonly file: string;
  readonly output: OutputFormat;
}

/** `weir analyze`: what will not work, before it is applied. */
export function analyzeCommand(): Command {
  return new Command('analyze')
    .description(
      'Reads a directory of YAML once and says what will not work as written: each finding with a code, a place\n' +
        'and what to do. Ends with 1 when there are errors. The codes are in docs/reference/analysis-codes.md.',
    )
    .addOption(directoryOption())
    .addOption(outputOption())
    .action((options: AnalyzeOptions, command: Command) => analyze(options, command));
}

async function analyze({ file: directory, output }: AnalyzeOptions, command: Command): Promise<void> {
  let loaded;
  try {
    loaded = await loadOnce(new DiskFiles(directory));
  } catch (error) {
    command.error(`weir: ${directoryError(directory, error).message}`, { exitCode: 2 });
  }
  const { set, fileCount } = loaded;
  const model = new Registry().update(set.objects);
  const findings = [...set.problems, ...model.problems, ...analyzeModel(model, set.objects)].sort(byPlace);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  if (output === 'json') {
    printJsonLine({ files: fileCount, errors, warnings: findings.length - errors, findings });
  } else {
    for (const finding of findings) process.stdout.write(`${formatFinding(finding)}\n`);
    process.stdout.write(
      `${fileCount} files, ${set.objects.length} objects: ${errors} errors, ${findings.length - errors} warnings\n`,
    );
  }
  if (errors > 0) process.exitCode = 1;
}

function formatFinding(finding: Problem): string {
  return `${finding.severity === 'error' ? 'ERROR' : 'WARN '} ${finding.code} ${formatProblem(finding)}`;
}

function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
