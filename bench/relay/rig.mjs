import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stop, temporaryDirectory } from './children.mjs';
import { pathOf, startEndpoints } from './endpoints.mjs';
import { runH2load } from './h2load.mjs';
import { checkCall } from './probe.mjs';
import { quantile } from './statistics.mjs';
import { cpuMicros, residentBytes } from './usage.mjs';

/** Endpoints and the files that the load needs, shared by all peers of a run. */
export class Rig {
  #directory;
  #ports;

  /** @param cases - the cases that will be measured */
  static async open(cases) {
    const rig = new Rig();
    rig.#directory = await temporaryDirectory();
    const endpoints = Math.max(...cases.map((one) => one.endpoints));
    const sizes = new Set(cases.map((one) => one.down));
    rig.#ports = await startEndpoints(endpoints, sizes, rig.#directory);
    for (const { up } of cases) await writeFile(rig.#bodyFile(up), Buffer.alloc(up, 'weir'));
    return rig;
  }

  /**
   * Starts a peer before the endpoints of a case, fresh, so that no case inherits the heap of another, and
   * checks one whole call.
   */
  async startPeer(peer, one, options) {
    const directory = join(this.#directory, `${peer.name}-${process.hrtime.bigint()}`);
    await mkdir(directory, { recursive: true });
    const running = await peer.start(this.#ports.slice(0, one.endpoints), directory, options);
    await checkCall(running, pathOf(one.down), one.up, one.down);
    return running;
  }

  async stopPeer({ child, helpers }) {
    for (const process of [child, ...helpers]) if (process !== undefined) await stop(process);
  }

  /**
   * Loads a running peer once.
   *
   * @throws when any request failed, or when bytes of the answers are missing
   */
  async measure(running, one, requests, limitMs, ratePerSecond) {
    const group = running.child?.pid;
    const before = group === undefined ? 0 : cpuMicros(group);
    const load = {
      scheme: running.scheme ?? 'http',
      port: running.port,
      path: pathOf(one.down),
      bodyFile: this.#bodyFile(one.up),
      connections: one.connections,
      streams: one.streams,
      requests,
      ratePerSecond,
    };
    const result = await runH2load(load, this.#directory, limitMs);
    const expected = requests * one.down;
    if (result.dataBytes !== expected) {
      throw new Error(`${result.dataBytes} bytes of DATA came instead of ${expected}`);
    }
    return {
      requests,
      cpuMicrosPerRequest: group === undefined ? 0 : (cpuMicros(group) - before) / requests,
      requestsPerSecond: result.requestsPerSecond,
      p50Micros: quantile(result.latencies, 0.5),
      p99Micros: quantile(result.latencies, 0.99),
      p999Micros: quantile(result.latencies, 0.999),
      residentBytes: group === undefined ? 0 : residentBytes(group),
    };
  }

  #bodyFile(bytes) {
    return join(this.#directory, `body-${bytes}`);
  }
}
