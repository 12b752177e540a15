import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigDirectory } from '../support/config-directory.js';
import type { ProgramProcess } from '../support/node-process.js';
import { startRun, type WeirProcess } from '../support/weir-process.js';
import { exemptionOf, LIBRARIES, PAIRS, WAYS, type CaseName, type Library, type Way } from './matrix.js';
import { generatePython, startProgram } from './programs.js';
import { resultsOf, type ClientLine, type Result } from './results.js';

/** The whole run's bound; what isn't answered by then has failed. */
const RUN_TIMEOUT_MS = 85_000;

export interface InteropRun {
  readonly libraries: readonly string[];
  readonly results: readonly Result[];
  /** What the sidecar logged. */
  readonly log: readonly string[];
}

/** One server of each library, one sidecar in front of both. */
class Stage {
  readonly #generated = mkdtempSync(join(tmpdir(), 'weir-interop-'));
  readonly #directory = new ConfigDirectory();
  readonly #servers = new Map<Library, ProgramProcess>();
  readonly #addresses = new Map<string, string>();
  readonly libraries: string[] = [];
  #weir: WeirProcess | undefined;

  async start(): Promise<void> {
    generatePython(this.#generated);
    for (const library of LIBRARIES) {
      this.#servers.set(library, startProgram(library, 'server', this.#generated));
    }
    for (const [library, server] of this.#servers) {
      const { address, library: version } = await server.firstLine();
      this.#addresses.set(`direct ${library}`, String(address));
      this.libraries.push(String(version));
      this.#directory.service(library);
      this.#directory.endpoint(library, `${library}-1`, String(address));
    }
    const listens = LIBRARIES.flatMap((library) => ['--listen', `${library}:50051=127.0.0.1:0`]);
    this.#weir = await startRun(this.#directory.path, ...listens);
    await this.#weir.ready();
    for (const library of LIBRARIES)
      this.#addresses.set(`weir ${library}`, this.#weir.listener(`${library}:50051`));
  }

  get log(): readonly string[] {
    return this.#weir?.process.stderr ?? [];
  }

  startClient(client: Library, way: Way, server: Library, names: readonly CaseName[]): ProgramProcess {
    const target = this.#addresses.get(`${way} ${server}`) ?? '';
    return startProgram(client, 'client', this.#generated, [target, ...names]);
  }

  async destroy(): Promise<void> {
    await this.#weir?.process.kill();
    for (const server of this.#servers.values()) await server.kill();
    this.#directory.destroy();
    rmSync(this.#generated, { recursive: true, force: true });
  }
}

/** Runs the cases with every pair, directly and through the sidecar. */
export async function runInterop(names: readonly CaseName[]): Promise<InteropRun> {
  const end = performance.now() + RUN_TIMEOUT_MS;
  const stage = new Stage();
  try {
    await stage.start();
    const results: Result[] = [];
    for (const way of WAYS) {
      for (const pair of PAIRS) {
        const asked = names.filter((name) => exemptionOf(name, pair) === undefined);
        if (asked.length > 0) {
          const client = stage.startClient(pair.client, way, pair.server, asked);
          const silence = await outcomeOf(client, end - performance.now());
          results.push(...resultsOf(names, pair, way, linesOf(client), silence));
        } else {
          results.push(...resultsOf(names, pair, way, [], ''));
        }
      }
    }
    return { libraries: stage.libraries, results, log: stage.log };
  } finally {
    await stage.destroy();
  }
}

/** Waits until the client ends, or ends it; returns what to say of a case that it didn't answer. */
async function outcomeOf(client: ProgramProcess, leftMs: number): Promise<string> {
  const timer = new AbortController();
  const late = sleep(Math.max(0, leftMs), 'late' as const, { signal: timer.signal }).catch(
    () => 'late' as const,
  );
  const ended = await Promise.race([client.exited, late]);
  timer.abort();
  if (ended !== 'late') return `the client ended with ${ended.code ?? ended.signal}: ${client.stderr.at(-1)}`;
  await client.kill();
  return `not answered when the run's ${RUN_TIMEOUT_MS / 1_000} s were over`;
}

function linesOf(client: ProgramProcess): readonly ClientLine[] {
  return client.stdout.map((line) => JSON.parse(line) as ClientLine);
}
