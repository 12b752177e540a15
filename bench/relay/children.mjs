import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KILL_AFTER_MS = 3000;

/** Process groups alive; each child leads its own, so that what it forks ends with it. */
const groups = new Map();
const directories = new Set();

/** Starts a program in a process group of its own. `stderr` keeps its last words, for the error message. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  child.lastWords = '';
  const keep = (text) => (child.lastWords = (child.lastWords + text).slice(-2000));
  child.stderr?.setEncoding('utf8').on('data', keep);
  child.ended = new Promise((resolve) => {
    child.once('error', (error) => {
      keep(error.message);
      resolve(-1);
    });
    child.once('exit', (code) => resolve(code ?? -1));
  });
  if (child.pid !== undefined) groups.set(child.pid, child);
  return child;
}

/** Ends a process group and waits until nothing of it is left. */
export async function stop(child) {
  if (child.pid === undefined || !groups.has(child.pid)) return;
  signal(child.pid, 'SIGTERM');
  const deadline = Date.now() + KILL_AFTER_MS;
  while (groupOf(child.pid).length > 0) {
    if (Date.now() > deadline) signal(child.pid, 'SIGKILL');
    await pause(20);
  }
  groups.delete(child.pid);
}

/** A directory that is removed at the end. */
export async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  directories.add(path);
  return path;
}

/** Ends everything started here and removes every directory made here. */
export async function cleanUp() {
  await Promise.all([...groups.values()].map(stop));
  await Promise.all([...directories].map((path) => rm(path, { recursive: true, force: true })));
  directories.clear();
}

/** Runs `main`; whatever becomes of it, Ctrl-C included, nothing stays behind. */
export async function runWithCleanUp(main) {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(name, () => {
      void cleanUp().finally(() => process.exit(130));
    });
  }
  try {
    await main();
  } catch (error) {
    process.stderr.write(`\n${error.stack ?? error}\n`);
    process.exitCode = 1;
  } finally {
    await cleanUp();
  }
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The processes of a group, by id. */
export function groupOf(leader) {
  const members = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat !== undefined && stat.group === leader && stat.state !== 'Z') members.push(pid);
  }
  return members;
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function readStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, , group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, group: Number(group) };
  } catch {
    // It ended in between.
    return undefined;
  }
}

function signal(group, name) {
  try {
    process.kill(-group, name);
  } catch {
    // Nothing of it is left.
  }
}
