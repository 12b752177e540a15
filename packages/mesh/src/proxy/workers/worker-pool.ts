import { fork, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Timer } from '@weir/core';
import type { WorkerReport } from '../../admin/worker-report.js';
import type { Logger } from '../../system/logger.js';
import type { ReceivedResource } from '../../xds/client/received-resource.js';
import type { Door } from '../door.js';
import { divideByConnections, NOTHING, type Portion, WHOLE } from '../portion.js';
import type { FromWorker, ToWorker, WorkerSettings } from './messages.js';

/** Pause before a worker that died is replaced. */
const RESTART_MS = 1000;
/** Connections come and go often; limits are divided anew at most so often. */
const DIVIDE_MS = 10;
/** A worker that does not answer in this time is left out of the page. */
const REPORT_TIMEOUT_MS = 1000;

export interface WorkerPoolOptions {
  /** The program of a worker. */
  readonly modulePath: string;
  readonly count: number;
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Connections of the first process itself that limits are divided by. */
  readonly ownConnections: () => number;
  /** The first process has another part of all limits. */
  readonly onPortion: (portion: Portion) => void;
  /** The configuration so far, for a worker that begins. */
  readonly configSoFar: () => Iterable<Extract<ToWorker, { kind: 'config' }>>;
}

interface Worker {
  readonly process: ChildProcess;
  /** Connections handed to it and not reported closed. */
  open: number;
  /** Of those, the ones that limits are divided by. */
  outbound: number;
  onReport: ((report: WorkerReport) => void) | undefined;
}

/** The other processes of a proxy that uses several cores. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Set<Worker>();
  /** Connections by which limits were divided last, the first process's in front. */
  #divided: readonly number[] = [];
  #divideTimer: Timer | undefined;
  #closing = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    for (let at = 0; at < options.count; at++) this.#start();
  }

  /**
   * Hands the connection to the worker with the fewest, if one has fewer than `ownOpen`; false when the
   * caller should keep it.
   */
  take(socket: Socket, door: Door, ownOpen: number): boolean {
    let best: Worker | undefined;
    for (const worker of this.#workers) {
      if (worker.process.connected && (best === undefined || worker.open < best.open)) best = worker;
    }
    if (best === undefined || best.open >= ownOpen) return false;
    best.open++;
    if (door.kind !== 'inbound') {
      best.outbound++;
      this.divide(best.outbound === 1);
    }
    best.process.send(
      { kind: 'connection', door } satisfies ToWorker,
      socket,
      { keepOpen: false },
      (error) => {
        if (error !== null) socket.destroy();
      },
    );
    return true;
  }

  /**
   * Divides all limits anew by the connections that each process has; soon, or at once when a process has its first.
   */
  divide(atOnce: boolean): void {
    if (this.#options.count === 0) return;
    if (!atOnce) {
      this.#divideTimer ??= this.#options.clock.setTimer(DIVIDE_MS, () => this.divide(true));
      return;
    }
    this.#divideTimer?.cancel();
    this.#divideTimer = undefined;
    const workers = [...this.#workers];
    const connections = [this.#options.ownConnections(), ...workers.map(({ outbound }) => outbound)];
    if (isDeepStrictEqual(connections, this.#divided)) return;
    this.#divided = connections;
    const [own = WHOLE, ...others] = divideByConnections(connections);
    this.#options.onPortion(own);
    others.forEach((portion, at) => send(workers[at]!, { kind: 'portion', portion }));
  }

  /** Passes a response of the control plane on to all. */
  applyConfig(typeUrl: string, version: string, resources: readonly ReceivedResource[]): void {
    for (const worker of this.#workers) send(worker, { kind: 'config', typeUrl, version, resources });
  }

  /** What each worker that answers in time has counted. */
  async reports(): Promise<WorkerReport[]> {
    const reports = await Promise.all(Array.from(this.#workers, (worker) => this.#reportOf(worker)));
    return reports.filter((report) => report !== undefined);
  }

  /** Lets every worker drain; resolves when all have ended. */
  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    await Promise.all(
      Array.from(this.#workers, ({ process }) => {
        if (process.exitCode !== null || !process.connected) return undefined;
        return new Promise<void>((resolve) => {
          process.once('exit', () => resolve());
          process.send({ kind: 'close', drainMs } satisfies ToWorker);
        });
      }),
    );
  }

  /** Ends every worker at once. */
  destroy(): void {
    this.#closing = true;
    for (const { process } of this.#workers) process.kill('SIGKILL');
  }

  #start(): void {
    const { modulePath, settings, configSoFar, clock, logger } = this.#options;
    const process = fork(modulePath, [], { serialization: 'advanced' });
    const worker: Worker = { process, open: 0, outbound: 0, onReport: undefined };
    this.#workers.add(worker);
    process.on('message', (message: FromWorker) => {
      if (message.kind === 'closed') {
        worker.open--;
        if (message.door !== 'inbound') {
          worker.outbound--;
          this.divide(false);
        }
      } else worker.onReport?.(message.report);
    });
    process.on('exit', (code, signal) => {
      this.#workers.delete(worker);
      this.#divided = [];
      this.divide(false);
      if (this.#closing) return;
      logger.error('a worker died and is replaced; its connections are lost', {
        pid: process.pid,
        code,
        signal,
      });
      clock.setTimer(RESTART_MS, () => {
        if (!this.#closing) this.#start();
      });
    });
    send(worker, { kind: 'start', settings });
    send(worker, { kind: 'portion', portion: NOTHING });
    this.#divided = [];
    for (const config of configSoFar()) send(worker, config);
  }

  #reportOf(worker: Worker): Promise<WorkerReport | undefined> {
    return new Promise((resolve) => {
      const finish = (report: WorkerReport | undefined): void => {
        timer.cancel();
        resolve(report);
      };
      const timer = this.#options.clock.setTimer(REPORT_TIMEOUT_MS, () => finish(undefined));
      const before = worker.onReport;
      worker.onReport = (report) => {
        before?.(report);
        worker.onReport = undefined;
        finish(report);
      };
      if (before === undefined) send(worker, { kind: 'report' });
    });
  }
}

function send({ process }: Worker, message: ToWorker): void {
  // A worker that has just died is replaced, and the new one gets everything.
  if (process.connected) process.send(message, () => {});
}
