import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command, CommanderError } from 'commander';
import type { CommandEntry } from './commands.js';
import { createProgram, usageExitCode } from './program.js';

interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly code: number;
  readonly loaded: readonly string[];
  readonly acted: readonly string[];
}

/** Runs the program on two made-up commands and notes what it printed, loaded and did. */
async function run(...args: string[]): Promise<Outcome> {
  const loaded: string[] = [];
  const acted: string[] = [];
  let [out, err] = ['', ''];
  const entry = (name: string, summary: string): CommandEntry => ({
    name,
    summary,
    load: () => {
      loaded.push(name);
      return Promise.resolve(
        new Command(name).option('--size <n>', 'how big').action(() => {
          acted.push(name);
        }),
      );
    },
  });
  const program = await createProgram(args, '1.2.3', [entry('control', 'rules'), entry('proxy', 'relays')]);
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (err += text) });
  }
  let code = 0;
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    assert.ok(error instanceof CommanderError);
    code = usageExitCode(error);
  }
  return { out, err, code, loaded, acted };
}

test('a command is loaded and run, the others are not loaded', async () => {
  const { loaded, acted, code } = await run('proxy', '--size', '3');
  assert.deepEqual(loaded, ['proxy']);
  assert.deepEqual(acted, ['proxy']);
  assert.equal(code, 0);
});

test('the help lists every command with its summary and examples, and loads none', async () => {
  const { out, loaded, code } = await run('--help');
  assert.match(out, /control.* rules\n/);
  assert.match(out, /proxy.* relays\n/);
  assert.match(out, /Examples:/);
  assert.deepEqual(loaded, []);
  assert.equal(code, 0);
});

for (const args of [
  ['proxy', '--help'],
  ['help', 'proxy'],
]) {
  test(`'weir ${args.join(' ')}' prints the options of that command`, async () => {
    const { out, loaded, code } = await run(...args);
    assert.match(out, /--size <n>/);
    assert.deepEqual(loaded, ['proxy']);
    assert.equal(code, 0);
  });
}

test('--version prints the version alone', async () => {
  assert.deepEqual(await run('--version'), { out: '1.2.3\n', err: '', code: 0, loaded: [], acted: [] });
});

test('a mistyped command ends with 2 and the name that was meant', async () => {
  const { err, code } = await run('prxy');
  assert.match(err, /unknown command 'prxy'/);
  assert.match(err, /Did you mean proxy\?/);
  assert.equal(code, 2);
});

test('an option that the command does not have ends with 2 and points to its help', async () => {
  const { err, code, acted } = await run('proxy', '--sise', '3');
  assert.match(err, /unknown option '--sise'/);
  assert.match(err, /Did you mean --size\?/);
  assert.match(err, /'weir proxy --help'/);
  assert.equal(code, 2);
  assert.deepEqual(acted, []);
});

test('no command at all prints the help on stderr and ends with 2', async () => {
  const { err, code } = await run();
  assert.match(err, /Usage: weir/);
  assert.equal(code, 2);
});
