import assert from 'node:assert/strict';
import { ConfigDirectory } from './config-directory.js';
import type { EchoServer } from './echo-server.js';
import { startEchoServer } from './echo-server.js';
import { Innocent } from './innocent.js';
import { block, type FieldLine } from './raw-frames/hpack-writer.js';
import { readMetric } from './read-metric.js';
import { until } from './until.js';
import { type VolumePeer, type VolumePeerOptions, connectVolume } from './volume-peer.js';
import { startControl, startProxy, type WeirProcess } from './weir-process.js';

const MiB = 1024 * 1024;

/** A request for a method of the echo service, as the block of a HEADERS frame. */
export function echoRequest(method = 'Unary', ...more: readonly FieldLine[]): Buffer {
  return block(
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', `/weir.test.Echo/${method}`],
    [':authority', 'echo:50051'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...more,
  );
}

/** An empty gRPC message. */
export const EMPTY_MESSAGE = Buffer.alloc(5);

/**
 * A sidecar under attack: a process of its own, so that its memory can be told from everybody else's, with
 * a good server behind it. `hostile`, when given, is one more service, `hostile:50051`, at that address.
 */
export class AttackRange {
  readonly server: EchoServer;
  readonly sidecar: WeirProcess;
  readonly #control: WeirProcess;
  readonly #directory: ConfigDirectory;
  readonly #peers: VolumePeer[] = [];

  constructor(server: EchoServer, sidecar: WeirProcess, control: WeirProcess, directory: ConfigDirectory) {
    this.server = server;
    this.sidecar = sidecar;
    this.#control = control;
    this.#directory = directory;
  }

  /** Where callers of `echo` connect to. */
  get address(): string {
    return this.sidecar.listener('echo:50051');
  }

  /** Where callers of `hostile` connect to. */
  get hostileAddress(): string {
    return this.sidecar.listener('hostile:50051');
  }

  /** A connection with a good preface, destroyed with the range. */
  async attacker(
    options: VolumePeerOptions & { readonly settings?: readonly (readonly [number, number])[] } = {},
    address = this.address,
  ): Promise<VolumePeer> {
    const peer = await connectVolume(address, options);
    this.#peers.push(peer);
    return peer;
  }

  /**
   * Runs an attack with an innocent caller beside it. Afterwards the innocent must not have noticed, and the
   * sidecar must be alive and have grown by less than `grownMiB`.
   */
  async besideAnInnocent(attack: () => Promise<void>, grownMiB = 24): Promise<void> {
    const innocent = new Innocent(this.address);
    try {
      await until('the innocent caller has begun', () => innocent.calls >= 4);
      const before = this.sidecar.process.residentBytes();
      await attack();
      const grown = (this.sidecar.process.residentBytes() - before) / MiB;
      await innocent.assertUndisturbed();
      if (process.platform === 'linux')
        assert.ok(grown < grownMiB, `the sidecar grew by ${grown.toFixed(1)} MiB`);
      assert.equal(this.sidecar.process.exit, undefined, 'the sidecar is alive');
    } finally {
      await innocent.destroy();
    }
  }

  /** How often callers have passed the limit. */
  downstreamHits(limit: string): Promise<number> {
    return this.metric('weir_downstream_limit_hits_total', { limit });
  }

  /** How often endpoints have passed the limit. */
  upstreamHits(limit: string): Promise<number> {
    return this.metric('weir_upstream_limit_hits_total', { limit });
  }

  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return readMetric((await this.sidecar.get('/metrics')).body, name, labels);
  }

  async close(): Promise<void> {
    for (const peer of this.#peers) peer.destroy();
    await this.sidecar.process.kill();
    await this.#control.process.kill();
    this.server.destroy();
    this.#directory.destroy();
  }
}

export interface AttackRangeOptions {
  /** `name=value` as `--limit` takes them. */
  readonly limits?: readonly string[];
  /** The address of the hostile service's only endpoint. */
  readonly hostile?: string;
}

/** Starts the control plane, the server and the sidecar. The caller closes it. */
export async function startAttackRange(options: AttackRangeOptions = {}): Promise<AttackRange> {
  const directory = new ConfigDirectory();
  const server = await startEchoServer({ name: 'good' });
  directory.service('echo');
  directory.endpoint('echo', 'good', server.address);
  directory.service('hostile');
  if (options.hostile !== undefined) directory.endpoint('hostile', 'bad', options.hostile);
  const control = await startControl(directory.path);
  const limits = (options.limits ?? []).flatMap((limit) => ['--limit', limit]);
  const listeners = ['echo', 'hostile'].flatMap((name) => ['--listen', `${name}:50051=127.0.0.1:0`]);
  const sidecar = await startProxy(control.xds, ...listeners, ...limits);
  await sidecar.ready();
  return new AttackRange(server, sidecar, control, directory);
}
