import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { register } from '@weir/client';
import { seededRandom } from '@weir/core';
import { type EchoServer, startEchoServer } from '../support/echo-server.js';
import { GRPC_JS_VERSIONS } from '../support/grpc-js-versions.js';
import { KubeApiServer } from '../support/kube-apiserver/kube-api-server.js';
import { type KubeEndpoint, KubeService } from '../support/kube-service.js';
import { createLibraryClient, type LibraryClient } from '../support/library-rig.js';
import { until } from '../support/until.js';

const HOSTS = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6'];
const SLICES = { verb: 'list', plural: 'endpointslices' };

/** Calls one after the other in a few lanes for as long as it is told, and notes every failure. */
class Caller {
  readonly failures: string[] = [];
  calls = 0;
  #isOver = false;
  readonly #lanes: Promise<void>[];

  constructor({ unary }: LibraryClient) {
    this.#lanes = Array.from({ length: 4 }, async () => {
      while (!this.#isOver) {
        await unary({ delayMs: 5 }).catch((error: unknown) => this.failures.push(String(error)));
        this.calls += 1;
      }
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#lanes);
  }
}

for (const { version, grpc } of GRPC_JS_VERSIONS) {
  describe(`a target k8s: in grpc-js ${version}`, () => {
    const servers: EchoServer[] = [];
    const clients: LibraryClient[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'weir-kubeconfig-'));
    let api: KubeApiServer;
    let service: KubeService;
    let kubeconfig = '';

    const connect = (target: string, options: object = {}): LibraryClient => {
      const client = createLibraryClient(grpc, target, undefined, {
        'weir.kubeconfig': kubeconfig,
        ...options,
      });
      clients.push(client);
      return client;
    };
    const reached = async ({ unary }: LibraryClient, calls = 30): Promise<string> => {
      const names = await Promise.all(Array.from({ length: calls }, async () => (await unary()).server));
      return [...new Set(names)].sort().join(' ');
    };
    const endpoints = (...numbers: number[]): KubeEndpoint[] =>
      numbers.map((at) => ({ address: HOSTS[at]! }));

    before(async () => {
      register(grpc);
      const first = await startEchoServer({ name: '0', host: HOSTS[0]! });
      servers.push(first);
      for (const [index, host] of HOSTS.entries()) {
        if (index > 0) servers.push(await startEchoServer({ name: String(index), host, port: first.port }));
      }
      api = await KubeApiServer.start();
      kubeconfig = join(folder, 'config');
      writeFileSync(kubeconfig, api.kubeconfig());
    });
    afterEach(() => {
      for (const client of clients.splice(0)) client.close();
    });
    after(async () => {
      for (const server of servers) server.destroy();
      await api.stop();
      rmSync(folder, { recursive: true });
    });
    const createService = (name: string, ...more: { name: string; port: number }[]): KubeService =>
      (service = new KubeService(api, name, [{ name: 'grpc', port: servers[0]!.port }, ...more]));

    it('balances over the endpoints of all slices', async () => {
      await createService('many').write(endpoints(0, 1, 2, 3, 4), 3);
      const client = connect('k8s:///many.default:50051');
      assert.equal(await reached(client, 100), '0 1 2 3 4');
    });

    it('has a new pod in rotation within a second, and leaves one that is gone', async () => {
      await createService('growing').write(endpoints(0, 1));
      const client = connect('k8s:///growing.default:50051');
      assert.equal(await reached(client), '0 1');
      const beganMs = performance.now();
      await service.write(endpoints(0, 1, 2));
      await until('the new pod is called', async () => (await reached(client)) === '0 1 2', 1000);
      assert.ok(performance.now() - beganMs < 1000);
      await service.write(endpoints(2));
      await until('only the new pod is called', async () => (await reached(client)) === '2', 1000);
    });

    it('calls what is ready and not ending, and what ends but serves only when nothing else is left', async () => {
      const [ready] = endpoints(0);
      const ending = { address: HOSTS[1]!, ready: false, serving: true, terminating: true };
      const starting = { address: HOSTS[2]!, ready: false };
      await createService('mixed').write([ready!, ending, starting], 2);
      const client = connect('k8s:///mixed.default:50051');
      assert.equal(await reached(client), '0');
      await service.write([ending, starting], 2);
      await until('the one that ends is called', async () => (await reached(client)) === '1', 1000);
      await service.write([starting]);
      await until('nobody is left', () =>
        reached(client).then(
          () => false,
          (error) => /no endpoint of Service mixed\.default is ready/.test(String(error)),
        ),
      );
    });

    it('finds a port by its name, and by its number in the Service', async () => {
      const ports = [
        { name: 'metrics', port: 9090, targetPort: 9 },
        { name: 'grpc', port: 80, targetPort: servers[0]!.port },
      ];
      await api.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'ported' }, spec: { ports } });
      await createService('ported', { name: 'metrics', port: 9 }).write(endpoints(0, 1));
      assert.equal(await reached(connect('k8s:///ported.default:grpc')), '0 1');
      assert.equal(await reached(connect('k8s:///ported:80')), '0 1');
      await assert.rejects(reached(connect('k8s:///ported:web')), /has no port web; it has grpc, metrics/);
      await assert.rejects(reached(connect('k8s:///ported:81')), /has no port 81; it has grpc, metrics/);
      await assert.rejects(reached(connect('k8s:///ported')), /has several ports, grpc, metrics: name one/);
    });

    it('keeps to its zone where every endpoint has a hint', async () => {
      const hinted = (at: number, hint: string): KubeEndpoint => ({ address: HOSTS[at]!, zone: hint, hint });
      await createService('zoned').write([hinted(0, 'a'), hinted(1, 'a'), hinted(2, 'b')]);
      const client = connect('k8s:///zoned.default:50051', { 'weir.zone': 'a' });
      assert.equal(await reached(client), '0 1');
      await service.write([hinted(2, 'b')]);
      await until('another zone helps', async () => (await reached(client)) === '2', 1000);
    });

    it('says which RBAC rule is missing', async () => {
      const refused = join(folder, 'nobody');
      writeFileSync(refused, api.kubeconfig(api.serviceAccountToken('default', 'nobody')));
      const client = connect('k8s:///many.default:50051', { 'weir.kubeconfig': refused });
      await assert.rejects(
        client.unary(),
        /cannot list endpointslices\.discovery\.k8s\.io in namespace default: not allowed \(403\); add to a Role in namespace default of this ServiceAccount: \{apiGroups: \["discovery\.k8s\.io"\], resources: \["endpointslices"\], verbs: \["list", "watch"\]\}/,
      );
    });

    it('goes on without one failure while the API server misbehaves, and comes to what there is', async () => {
      const random = seededRandom(5);
      await createService('chaos').write(endpoints(0, 1));
      const mendSlowness = api.faults.delay(SLICES, 300);
      const client = connect('k8s:///chaos.default:50051');
      const caller = new Caller(client);
      const comesTo = async (...numbers: number[]): Promise<void> => {
        await until(
          `endpoints ${numbers.join(' ')} are called`,
          async () => (await reached(client)) === numbers.join(' '),
          15_000,
        );
      };
      await comesTo(0, 1);
      mendSlowness();
      // Dropped, and what changes meanwhile is seen all the same.
      api.dropWatches();
      await service.write(endpoints(0, 1, 2), 2, random);
      await comesTo(0, 1, 2);
      // Forgotten by the server, which wants everything listed anew, and is slow at it.
      const mendSlowAgain = api.faults.delay(SLICES, 200);
      api.expire();
      await service.write(endpoints(1, 2, 3), 3, random);
      await comesTo(1, 2, 3);
      mendSlowAgain();
      // Not allowed for a while.
      const mendRights = api.faults.refuse({ plural: 'endpointslices' }, 403);
      api.dropWatches();
      await sleep(500);
      mendRights();
      await service.write(endpoints(0, 1, 2, 3, 4), 4, random);
      await comesTo(0, 1, 2, 3, 4);
      // Gone and back.
      await api.stop();
      await sleep(300);
      await api.start();
      await service.write(endpoints(2, 3), 2, random);
      await comesTo(2, 3);
      // Ever other slices with the same endpoints in them.
      for (let round = 0; round < 10; round++) {
        await service.write(endpoints(2, 3, 4), 1 + random.int(4), random);
        await sleep(20);
      }
      await comesTo(2, 3, 4);
      await caller.stop();
      assert.deepEqual(caller.failures, []);
      assert.ok(caller.calls > 40, `${caller.calls} calls`);
    });
  });
}
