import assert from 'node:assert/strict';
import type * as grpcJs from '@grpc/grpc-js';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, measure, register, reportLoad, snapshot } from '@weir/client';
import { decodeOrcaLoadReport, LOAD_PROBE_PATH, LOAD_TRAILER } from '@weir/core';
import { type EchoReply, type EchoRequest, echoService } from '../support/echo-service.js';
import { GRPC_JS_VERSIONS } from '../support/grpc-js-versions.js';
import { countBy, createLibraryClient, type LibraryClient } from '../support/library-rig.js';
import { until } from '../support/until.js';

type Grpc = typeof grpcJs;

/** A server that reports its load, of one version of grpc-js. */
class ReportingServer {
  readonly #server: grpcJs.Server;
  address = '';
  slowMs = 0;
  /** Put into the trailers by the application itself. */
  own: Buffer | undefined;

  constructor(grpc: Grpc, name: string, reports = true) {
    this.#server = new grpc.Server();
    this.#server.addService(
      { Unary: echoService['Unary']! },
      {
        Unary: (
          call: grpcJs.ServerUnaryCall<EchoRequest, EchoReply>,
          answer: grpcJs.sendUnaryData<EchoReply>,
        ) => {
          const trailers = new grpc.Metadata();
          if (this.own !== undefined) trailers.set(LOAD_TRAILER, this.own);
          setTimeout(
            () => {
              if (call.request.statusCode) answer({ code: call.request.statusCode, details: 'as asked' });
              else answer(null, { server: name }, trailers);
            },
            this.slowMs + (call.request.delayMs ?? 0),
          );
        },
      },
    );
    if (reports) reportLoad(this.#server, grpc);
  }

  async start(grpc: Grpc): Promise<this> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

/** The load report in the trailers of one call. */
function reportOf(
  grpc: Grpc,
  address: string,
  path: string,
  request: EchoRequest = {},
): Promise<ReturnType<typeof decodeOrcaLoadReport>> {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  const method = echoService['Unary']!;
  return new Promise((resolve) => {
    const serialize = path === method.path ? method.requestSerialize : () => Buffer.alloc(0);
    const call = client.makeUnaryRequest(
      path,
      serialize,
      (bytes: Buffer) => bytes,
      request,
      () => {},
    );
    call.on('status', ({ metadata }: grpcJs.StatusObject) => {
      client.close();
      const [bytes] = metadata.get(LOAD_TRAILER);
      resolve(typeof bytes === 'object' ? decodeOrcaLoadReport(bytes) : undefined);
    });
  });
}

/** 150 calls, one every 10 ms, by the server that answered. */
async function callsInTurn(client: LibraryClient): Promise<Record<string, number>> {
  const answers = await Promise.all(
    Array.from({ length: 150 }, async (_, call) => {
      await sleep(10 * call);
      return client.unary();
    }),
  );
  return countBy(answers.map(({ server }) => server));
}

for (const { version, grpc } of GRPC_JS_VERSIONS) {
  describe(`load reports in grpc-js ${version}`, () => {
    const servers: ReportingServer[] = [];
    const clients: LibraryClient[] = [];
    const connect = (policy: object, to = servers): LibraryClient => {
      const target = `static:///${to.map(({ address }) => address).join(',')}`;
      const client = createLibraryClient(grpc, target, { loadBalancingConfig: [policy] });
      clients.push(client);
      return client;
    };

    before(async () => {
      register(grpc);
      for (const name of ['a', 'b', 'c']) servers.push(await new ReportingServer(grpc, name).start(grpc));
    });
    after(() => {
      for (const client of clients) client.close();
      for (const server of servers) server.stop();
    });

    it('are in the trailers of every answer, failures too', async () => {
      const { path } = echoService['Unary']!;
      const [first] = servers;
      const report = await reportOf(grpc, first!.address, path, { delayMs: 20 });
      assert.equal(report?.requestsInFlight, 0);
      assert.ok(report.latencyMs! >= 19 && report.latencyMs! < 2000, String(report.latencyMs));
      assert.ok(report.qps > 0);
      const failed = await reportOf(grpc, first!.address, path, { statusCode: 14 });
      assert.ok(failed!.eps > 0);
    });

    it('are left alone where the application makes its own', async () => {
      const [first] = servers;
      first!.own = Buffer.from([0x09, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f]);
      try {
        const report = await reportOf(grpc, first!.address, echoService['Unary']!.path);
        assert.equal(report?.cpuUtilization, 0.5);
        assert.equal(report.requestsInFlight, undefined);
      } finally {
        first!.own = undefined;
      }
    });

    it('answer a probe, which counts neither as a request nor reaches the application', async () => {
      const [first] = servers;
      const client = connect({ weir_least_request: {} }, [first!]);
      const pending = client.unary({ delayMs: 300 });
      await until('the request is in flight', async () => {
        const report = await reportOf(grpc, first!.address, LOAD_PROBE_PATH);
        return report?.requestsInFlight === 1;
      });
      await pending;
      assert.equal((await reportOf(grpc, first!.address, LOAD_PROBE_PATH))?.requestsInFlight, 0);
    });

    for (const mode of ['async', 'sync']) {
      it(`let Prequal avoid the endpoint that is slow, ${mode}`, async () => {
        const client = connect({ weir_prequal: { mode, probeTimeoutMs: 200 } });
        const [slow] = servers;
        slow!.slowMs = 800;
        try {
          // Drawn at random it would get 50 of 150. On a machine that is too busy to answer probes, it does.
          await until(
            'the slow one gets less',
            async () => ((await callsInTurn(client))['a'] ?? 0) < 25,
            20_000,
          );
          const [policy] = snapshot(client.client).policies;
          assert.ok(policy!.endpoints.every(({ load }) => load?.requestsInFlight !== undefined));
        } finally {
          slow!.slowMs = 0;
        }
      });
    }

    it('are not needed: an endpoint that answers no probes is called all the same', async () => {
      const silent = await new ReportingServer(grpc, 'silent', false).start(grpc);
      try {
        for (const mode of ['async', 'sync']) {
          const client = connect({ weir_prequal: { mode } }, [silent]);
          for (let call = 0; call < 20; call++) assert.equal((await client.unary()).server, 'silent');
        }
      } finally {
        silent.stop();
      }
    });

    it('inspect tells the policy in use, and what it knows of each endpoint', async () => {
      const outlier_detection = {
        child_policy: [{ weir_subset: { size: 2, clientId: 'x', childPolicy: [{ weir_p2c_ewma: {} }] } }],
      };
      const client = connect({ outlier_detection });
      assert.equal(inspect(client.client).policy, undefined);
      for (let call = 0; call < 20; call++) await client.unary();
      const { policy, state, target, copies } = inspect(client.client);
      assert.equal(state, 'ready');
      assert.match(target, /^static:/);
      assert.equal(policy!.policy, 'outlier_detection');
      const subset = policy!.children[0]!;
      assert.equal(subset.policy, 'weir_subset');
      const p2c = subset.children[0]!;
      assert.equal(p2c.policy, 'weir_p2c_ewma');
      assert.equal(p2c.endpoints!.length, 2);
      for (const { state: connection, weight, latencyMs, inFlight } of p2c.endpoints!) {
        assert.deepEqual([connection, weight, inFlight], ['ready', 1, 0]);
        assert.ok(latencyMs! > 0);
      }
      assert.equal(
        p2c.endpoints!.reduce((sum, { started }) => sum + started, 0),
        20,
      );
      assert.deepEqual(p2c.attemptsByCode, { ok: 20 });
      assert.ok(copies.some((copy) => copy.version === version));
    });

    it('measure tells OpenTelemetry of attempts and connections, by target and method', async () => {
      const seen = new Map<string, object>();
      const instrument = (name: string) => {
        const take = (_value: number, attributes: object): void => void seen.set(name, attributes);
        return { add: take, record: take };
      };
      measure({ createCounter: instrument, createHistogram: instrument });
      try {
        const client = connect({ weir_least_request: {} });
        await client.unary();
        const target = { 'grpc.target': `static:///${servers.map(({ address }) => address).join(',')}` };
        const method = { 'grpc.method': 'weir.test.Echo/Unary', ...target };
        assert.deepEqual(seen.get('grpc.client.attempt.started'), method);
        assert.deepEqual(seen.get('grpc.client.attempt.duration'), { ...method, 'grpc.status': 'OK' });
        assert.deepEqual(seen.get('grpc.lb.pick_first.connection_attempts_succeeded'), target);
      } finally {
        measure(undefined);
      }
    });

    it('inspect names a policy that is misspelt, or that nobody asked for', async () => {
      const misspelt = connect({ weir_p2c_emwa: {} });
      await misspelt.unary();
      assert.match(
        inspect(misspelt.client).problems.join(),
        /asks for weir_p2c_emwa, and weir_p2c_ewma is in use/,
      );
      const plain = createLibraryClient(grpc, `ipv4:${servers[0]!.address}`);
      clients.push(plain);
      await plain.unary();
      assert.match(
        inspect(plain.client).problems.join(),
        /pick_first is in use: all calls go to one endpoint/,
      );
      assert.throws(() => inspect({}), /inspect takes a client or a channel/);
    });
  });
}
