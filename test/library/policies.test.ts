import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { register } from '@weir/client';
import { type EchoServer, startEchoServer } from '../support/echo-server.js';
import { GRPC_JS_VERSIONS } from '../support/grpc-js-versions.js';
import { countBy, createLibraryClient, type LibraryClient } from '../support/library-rig.js';
import { until } from '../support/until.js';

const POLICIES = ['weir_p2c_ewma', 'weir_least_request', 'weir_ring_hash'];

for (const { version, grpc } of GRPC_JS_VERSIONS) {
  describe(`@weir/client in grpc-js ${version}`, () => {
    const servers: EchoServer[] = [];
    const clients: LibraryClient[] = [];
    const target = (): string => `static:///${servers.map(({ address }) => address).join(',')}`;
    const connect = (to: string, policy?: object, more: object = {}): LibraryClient => {
      const config = policy === undefined ? undefined : { loadBalancingConfig: [policy], ...more };
      const client = createLibraryClient(grpc, to, config);
      clients.push(client);
      return client;
    };
    const answersOf = async (client: LibraryClient, times: number): Promise<Record<string, number>> => {
      const names: string[] = [];
      for (let call = 0; call < times; call++) names.push((await client.unary()).server);
      return countBy(names);
    };

    before(async () => {
      register(grpc);
      for (const name of ['a', 'b', 'c']) servers.push(await startEchoServer({ name }));
    });
    after(() => {
      for (const client of clients) client.close();
      for (const server of servers) server.destroy();
    });

    for (const policy of POLICIES) {
      it(`spreads calls by ${policy}, over every endpoint`, async () => {
        const counts = await answersOf(connect(target(), { [policy]: {} }), 150);
        assert.deepEqual(Object.keys(counts).sort(), ['a', 'b', 'c']);
        // By latency the shares are what the machine makes of them.
        const least = policy === 'weir_p2c_ewma' ? 0 : 15;
        assert.ok(Math.min(...Object.values(counts)) > least, JSON.stringify(counts));
      });
    }

    it('balances a target of its own without any service config', async () => {
      assert.equal(Object.keys(await answersOf(connect(target()), 60)).length, 3);
    });

    it('balances the addresses that grpc-js itself resolves', async () => {
      const addresses = servers.map(({ address }) => address).join(',');
      const counts = await answersOf(connect(`ipv4:${addresses}`, { weir_p2c_ewma: {} }), 60);
      assert.equal(Object.keys(counts).length, 3);
    });

    it('gives the endpoint that is slow less', async () => {
      const client = connect(target(), { weir_p2c_ewma: {} });
      const [slow] = servers;
      slow!.slowMs = 800;
      try {
        const names = await Promise.all(
          Array.from({ length: 150 }, async (_, call) => {
            await new Promise((resolve) => setTimeout(resolve, 10 * call));
            return (await client.unary()).server;
          }),
        );
        const counts = countBy(names);
        assert.ok((counts['a'] ?? 0) < 35, JSON.stringify(counts));
      } finally {
        slow!.slowMs = 0;
      }
    });

    it('spreads a burst of calls of one turn of the event loop by what it has just sent', async () => {
      const client = connect(target(), { weir_least_request: {} });
      await client.unary();
      const answers = await Promise.all(Array.from({ length: 90 }, () => client.unary({ delayMs: 20 })));
      const counts = countBy(answers.map(({ server }) => server));
      assert.ok(Math.max(...Object.values(counts)) <= 36, JSON.stringify(counts));
    });

    it('binds calls to an endpoint by a metadata field', async () => {
      const client = connect(target(), { weir_ring_hash: { hashHeader: 'x-user' } });
      const seen = new Set<string>();
      for (let user = 0; user < 20; user++) {
        const names = [];
        for (let call = 0; call < 4; call++) {
          names.push((await client.unary({}, { metadata: { 'x-user': `user-${user}` } })).server);
        }
        assert.equal(new Set(names).size, 1, `user-${user}`);
        seen.add(names[0]!);
      }
      assert.equal(seen.size, 3);
    });

    it('goes on without an endpoint that is gone, and takes it in again when it is back', async () => {
      const coming = await startEchoServer({ name: 'd' });
      const client = connect(`${target()},${coming.address}`, undefined);
      await until('all four are in use', async () => Object.keys(await answersOf(client, 40)).length === 4);
      coming.destroy();
      // What was under way with the connection may fail; nothing that is begun once its loss is known does.
      await until(
        'its loss is known',
        async () => !('d' in (await answersOf(client, 20).catch(() => ({ d: 1 })))),
      );
      await answersOf(client, 50);
      const back = await startEchoServer({ name: 'd', port: coming.port });
      try {
        await until('it is back', async () => 'd' in (await answersOf(client, 40)), 10_000);
      } finally {
        back.destroy();
      }
    });

    it('fails calls at once when no endpoint can be reached, and says why', async () => {
      const gone = await startEchoServer({ name: 'gone' });
      gone.destroy();
      const client = connect(`static:///${gone.address}`);
      await assert.rejects(client.unary(), /UNAVAILABLE: weir_p2c_ewma: 127\.0\.0\.1:\d+: .*ECONNREFUSED/);
    });

    it('says what is wrong with a target', async () => {
      await assert.rejects(
        connect('static:///10.0.0.1:50051,http://b').unary(),
        /static: "http:\/\/b" is no host:port; write static:/,
      );
    });

    it('keeps to timeouts and retries of the service config, by method', async () => {
      const method = { service: 'weir.test.Echo', method: 'Unary' };
      const slow = connect(
        target(),
        { weir_p2c_ewma: {} },
        { methodConfig: [{ name: [method], timeout: '0.1s' }] },
      );
      await assert.rejects(slow.unary({ delayMs: 2000 }), /DEADLINE_EXCEEDED/);
      const retryPolicy = {
        maxAttempts: 4,
        initialBackoff: '0.01s',
        maxBackoff: '0.1s',
        backoffMultiplier: 1,
        retryableStatusCodes: ['ABORTED'],
      };
      const [flaky] = servers;
      const retrying = connect(
        target(),
        { weir_least_request: {} },
        { methodConfig: [{ name: [method], retryPolicy }] },
      );
      flaky!.failing = 10;
      try {
        const counts = await answersOf(retrying, 60);
        assert.deepEqual(Object.keys(counts).sort(), ['b', 'c']);
      } finally {
        flaky!.failing = 0;
      }
    });

    it('works under the outlier detection of grpc-js, which ejects an endpoint that fails', async () => {
      const outlier_detection = {
        interval: { seconds: 0, nanos: 200_000_000 },
        base_ejection_time: { seconds: 30, nanos: 0 },
        max_ejection_percent: 50,
        failure_percentage_ejection: { threshold: 50, minimum_hosts: 3, request_volume: 5 },
        child_policy: [{ weir_least_request: {} }],
      };
      const client = connect(target(), { outlier_detection });
      const [flaky] = servers;
      flaky!.failing = 14;
      try {
        await until('the endpoint that fails is ejected', async () => {
          const ends = await Promise.allSettled(Array.from({ length: 30 }, () => client.unary()));
          return ends.every(({ status }) => status === 'fulfilled');
        });
        const callsBefore = flaky!.calls;
        await answersOf(client, 60);
        assert.equal(flaky!.calls, callsBefore);
      } finally {
        flaky!.failing = 0;
      }
    });
  });
}
