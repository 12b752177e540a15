import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../system/clock.js';
import { systemRandom } from '../system/random.js';
import { Cast } from './demo/cast.js';
import { greetingUrl } from './demo/greeting.js';
import { drawStory, storyJson } from './demo/picture.js';
import { ProgressLine } from './demo/progress-line.js';
import { ServiceDirectory } from './demo/service-directory.js';
import { tellStory } from './demo/story.js';
import type { Stage, Story } from './demo/story.js';
import { findFaults } from './demo/verdict.js';
import { outputOption, printJsonLine } from './output.js';
import type { OutputFormat } from './output.js';
import { formatHostPort } from './parse-address.js';

interface DemoOptions {
  readonly calls: number;
  readonly keep?: boolean;
  readonly output: OutputFormat;
}

/** Why the demo ends before its end: someone asked for it. */
class Interruption extends Error {
  readonly exitCode: number;

  constructor(signal: keyof typeof constants.signals) {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

function parseCalls(text: string): number {
  const calls = Number(text);
  if (!Number.isInteger(calls) || calls < 1 || calls > 10_000) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 10000.');
  }
  return calls;
}

/** `weir demo`: the whole story on this machine. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Shows on this machine, with real processes, how a gRPC client is pinned to one pod, and cures it: ' +
        'three servers, a client, a balancer of connections; then weir control and weir proxy; ' +
        'then a rolling update under load.',
    )
    .option('-n, --calls <number>', 'calls to make before and again after', parseCalls, 30)
    .option('--keep', 'leave everything running until Ctrl-C, and say how to look at it')
    .addOption(outputOption())
    .action((options: DemoOptions) => runDemo(options));
}

async function runDemo({ calls, keep = false, output }: DemoOptions): Promise<void> {
  const end = new AbortController();
  const cast = new Cast((error) => end.abort(error));
  const path = mkdtempSync(join(tmpdir(), 'weir-demo-'));
  const removeDirectory = (): void => rmSync(path, { recursive: true, force: true });
  const forgetSignals = onInterruption(
    (interruption) => end.abort(interruption),
    () => {
      cast.kill();
      removeDirectory();
      process.exit(1);
    },
  );
  const progress = new ProgressLine(process.stderr);
  try {
    const { story, stage } = await whileNotAborted(
      end.signal,
      tellStory({
        calls,
        keep,
        cast,
        directory: new ServiceDirectory(path),
        clock: systemClock,
        random: systemRandom(),
        signal: end.signal,
        report: (what) => progress.show(what),
      }),
    );
    progress.clear();
    print(story, output);
    const faults = findFaults(story);
    if (faults.length > 0) throw new Error(`the story did not go as told:\n  ${faults.join('\n  ')}`);
    if (keep) await untilInterrupted(end.signal, stage, path, output);
  } catch (error) {
    if (error instanceof Interruption) process.exitCode = error.exitCode;
    // A process that ended by itself has told its last words already.
    else if (error === end.signal.reason) throw error;
    else throw new Error(`${(error as Error).message}${cast.warnings()}`, { cause: error });
  } finally {
    progress.clear();
    end.abort();
    await cast.close();
    removeDirectory();
    forgetSignals();
  }
}

function print(story: Story, output: OutputFormat): void {
  if (output === 'json') {
    printJsonLine(storyJson(story));
  } else {
    process.stdout.write(drawStory(story, { colours: process.stdout.isTTY && process.stdout.hasColors() }));
  }
}

/** Says how to look at what is running, and leaves it so until someone ends it; that is a good end. */
async function untilInterrupted(
  signal: AbortSignal,
  stage: Stage,
  path: string,
  output: OutputFormat,
): Promise<void> {
  const lines = [
    'Everything is still running; Ctrl-C ends it. Call the pods, pinned and balanced:',
    `  curl '${greetingUrl(stage.pinnedClient)}'`,
    `  curl '${greetingUrl(stage.balancedClient)}'`,
    'Look into the proxy, and change what is in the directory that stands for Kubernetes:',
    `  curl http://${formatHostPort(stage.admin)}/clusters`,
    `  ls ${path}`,
  ];
  (output === 'json' ? process.stderr : process.stdout).write(`${lines.join('\n')}\n`);
  const waiting = setInterval(() => {}, 2 ** 30);
  try {
    await whileNotAborted(signal, new Promise<never>(() => {}));
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
  } finally {
    clearInterval(waiting);
  }
}

/** The outcome of `work`, or the reason of the abort, whichever comes first. */
function whileNotAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => reject(signal.reason as Error);
    if (signal.aborted) abandon();
    signal.addEventListener('abort', abandon);
    work.then(resolve, reject);
  });
}

/**
 * Calls `first` when someone ends the demo: Ctrl-C, a signal, a closed terminal, a reader of stdout that went
 * away; and `second` when a signal comes again.
 *
 * @returns a function that takes the handlers of signals away.
 */
function onInterruption(first: (interruption: Interruption) => void, second: () => void): () => void {
  let interrupted = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (interrupted) second();
    interrupted = true;
    first(new Interruption(signal));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  process.stdout.on('error', () => {
    const interruption = new Interruption('SIGPIPE');
    process.exitCode = interruption.exitCode;
    first(interruption);
  });
  // A terminal that is gone takes stderr with it; SIGHUP tells of that.
  process.stderr.on('error', () => {});
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
