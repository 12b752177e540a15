import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { status as codes } from '@grpc/grpc-js';
import type { EchoClient } from '../support/echo-client.js';
import { needsWeir } from '../support/mesh.js';
import {
  Script,
  startScriptedHttpServer,
  startScriptedServer,
  type ScriptedServer,
  type SeenAttempt,
} from '../support/scripted-server.js';
import { callPath, ServiceMesh, type CallResult } from '../support/service-mesh.js';

/** A word of `retryOn`, what it has made again, and what it leaves. */
interface Family {
  readonly word: string;
  /** Whether the steps are HTTP's. */
  readonly http?: boolean;
  readonly again: readonly string[];
  readonly leaves: readonly string[];
}

const FAMILIES: readonly Family[] = [
  { word: 'cancelled', again: ['1', 't1'], leaves: ['2'] },
  { word: 'deadline-exceeded', again: ['4', 't4'], leaves: ['14'] },
  { word: 'resource-exhausted', again: ['8', 't8'], leaves: ['13'] },
  { word: 'internal', again: ['13', 't13'], leaves: ['8'] },
  { word: 'unavailable', again: ['14', 't14'], leaves: ['13', 't10'] },
  { word: '5xx', http: true, again: ['500', '503', 'reset'], leaves: ['409', '429'] },
  { word: 'gateway-error', http: true, again: ['502', '503', '504', 'reset'], leaves: ['500'] },
  { word: 'retriable-4xx', http: true, again: ['409'], leaves: ['404', 'reset'] },
  { word: '418', http: true, again: ['418'], leaves: ['503'] },
  { word: 'retriable-status-codes', http: true, again: [], leaves: ['503'] },
  { word: 'envoy-ratelimited', http: true, again: ['limited'], leaves: ['429'] },
  { word: 'reset', http: true, again: ['reset'], leaves: ['503'] },
  { word: 'refused-stream', http: true, again: ['refused'], leaves: ['reset'] },
];

const hostOf = (http: boolean | undefined): string => (http === true ? 'http.test' : 'grpc.test');

/** Calls that name a word in `x-rule` meet its rule. */
function rule(name: string, host: string, retries: string, more = ''): string {
  return `    - match: [{ headers: { x-rule: { exact: '${name}' } } }]
      route: [{ destination: { host: ${host} } }]
      retries: { ${retries} }
${more}`;
}

function rulesOf(host: string, rules: readonly string[]): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${host.replaceAll('.', '-')} }
spec:
  hosts: [${host}]
  http:
${rules.join('')}    - route: [{ destination: { host: ${host} } }]
`;
}

function familiesOf(http: boolean): string[] {
  return FAMILIES.filter((family) => (family.http ?? false) === http).map(({ word }) =>
    rule(word, hostOf(http), `attempts: 1, retryOn: '${word}', backoff: 2ms`),
  );
}

const GRPC_RULES = `${rulesOf('grpc.test', [
  ...familiesOf(false),
  rule('no-words', 'grpc.test', 'attempts: 1, backoff: 2ms'),
  rule('twice', 'grpc.test', 'attempts: 2, retryOn: unavailable, backoff: 2ms'),
  rule(
    'per-try',
    'grpc.test',
    'attempts: 2, perTryTimeout: 200ms, retryOn: deadline-exceeded, backoff: 2ms',
    '      timeout: 5s\n',
  ),
  rule('pauses', 'grpc.test', 'attempts: 1, retryOn: unavailable, backoff: 400ms'),
  rule('no-time', 'grpc.test', 'attempts: 1, retryOn: unavailable, backoff: 2ms', '      timeout: 400ms\n'),
  rule('switched-off', 'grpc.test', 'attempts: 0'),
])}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: grpc-test }
spec: { host: grpc.test, trafficPolicy: { retryBudget: { percent: 100, minRetryConcurrency: 100 } } }
`;

const PAIR_RULES = `${rulesOf('pair.test', [
  rule('elsewhere', 'pair.test', 'attempts: 1, retryOn: unavailable, backoff: 1ms'),
  rule(
    'anywhere',
    'pair.test',
    'attempts: 1, retryOn: unavailable, backoff: 1ms, retryIgnorePreviousHosts: false',
  ),
])}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: pair-test }
spec: { host: pair.test, trafficPolicy: { loadBalancer: { simple: RANDOM } } }
`;

const PLACES_RULES = `${rulesOf('places.test', [
  rule(
    'remote',
    'places.test',
    'attempts: 3, retryOn: unavailable, backoff: 1ms, retryIgnorePreviousHosts: false, retryRemoteLocalities: true',
  ),
  rule(
    'near',
    'places.test',
    'attempts: 3, retryOn: unavailable, backoff: 1ms, retryIgnorePreviousHosts: false',
  ),
])}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: places-test }
spec: { host: places.test, trafficPolicy: { outlierDetection: { consecutive5xxErrors: 0 } } }
`;

/** The policy of a Service stands before the rule of a VirtualService. */
const POLICIES = `${['policy', 'careful', 'hedged']
  .map(
    (name) => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: grpc, port: 50051 }] }
---
${rulesOf(`${name}.default.svc.cluster.local`, [
  rule('any', name, 'attempts: 5, retryOn: unavailable, backoff: 2ms'),
])}---
`,
  )
  .join('')}apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: policy }
spec:
  targetRef: { group: '', kind: Service, name: policy }
  retry: { codes: [ABORTED, 2], attempts: 2, perTryTimeout: 300ms, backoff: 2ms }
---
apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: careful }
spec: { targetRef: { kind: Service, name: careful }, idempotent: false }
---
apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: hedged }
spec: { targetRef: { kind: Service, name: hedged }, hedging: { delay: 100ms, attempts: 2 } }
`;

describe('what is made again', needsWeir, () => {
  const script = new Script();
  const servers: ScriptedServer[] = [];
  let mesh: ServiceMesh;
  let calls = 0;
  const clients = new Map<string, EchoClient>();

  before(async () => {
    const [grpc, a, b] = await Promise.all(
      ['grpc', 'a', 'b'].map((name) => startScriptedServer(name, script)),
    );
    const http = await startScriptedHttpServer('http', script);
    servers.push(grpc!, a!, b!, http);
    mesh = new ServiceMesh();
    mesh.service('grpc.test', [{ server: grpc! }], GRPC_RULES);
    mesh.service('http.test', [{ server: http }], rulesOf('http.test', familiesOf(true)));
    mesh.service('pair.test', [{ server: a! }, { server: b! }], PAIR_RULES);
    mesh.service(
      'half.test',
      [{ server: { address: await closedAddress() } }, { server: a! }],
      rulesOf('half.test', [rule('connect-failure', 'half.test', 'attempts: 2, retryOn: connect-failure')]),
    );
    mesh.directory.write('policies.yaml', POLICIES);
    for (const name of ['policy', 'careful', 'hedged'])
      mesh.directory.endpoint(name, `${name}-a`, grpc!.address);
    mesh.directory.endpoint('hedged', 'hedged-b', b!.address);
    mesh.service(
      'places.test',
      [
        { server: a!, locality: 'eu/a/1' },
        { server: b!, locality: 'us/a/1' },
      ],
      PLACES_RULES,
    );
    await mesh.start('--locality', 'eu/a/1');
  });
  after(async () => {
    await mesh.close();
    for (const server of servers) server.close();
  });

  /** Makes a call whose attempts go as the steps say. */
  async function call(
    host: string,
    ruleName: string,
    steps: string,
  ): Promise<CallResult & { readonly attempts: readonly SeenAttempt[] }> {
    const id = `call-${++calls}`;
    const client = clients.get(host) ?? mesh.client(host);
    clients.set(host, client);
    const metadata = { 'x-rule': ruleName, 'x-script': steps, 'x-call': id };
    const result = await callPath(client, { metadata });
    return { ...result, attempts: script.attempts(id) };
  }

  for (const { word, http, again, leaves } of FAMILIES) {
    it(`follows retryOn: ${word}`, async () => {
      for (const step of again) {
        const { code, attempts } = await call(hostOf(http), word, step);
        assert.deepEqual([code, attempts.length], [codes.OK, 2], step);
        assert.equal(attempts[1]?.previous, step === 'refused' ? attempts[1]?.previous : '1', step);
      }
      for (const step of leaves) {
        const { code, attempts } = await call(hostOf(http), word, step);
        assert.notEqual(code, codes.OK, step);
        assert.equal(attempts.length, 1, step);
      }
    });
  }

  it('follows retryOn: connect-failure, and no call fails for a closed port', async () => {
    for (let at = 0; at < 20; at++) {
      const { code, attempts } = await call('half.test', 'connect-failure', 'ok');
      assert.deepEqual([code, attempts.length], [codes.OK, 1]);
    }
  });

  it('is what Istio has as default when attempts are given without words', async () => {
    assert.equal((await call('grpc.test', 'no-words', 't14')).code, codes.OK);
    assert.equal((await call('grpc.test', 'no-words', '13')).code, codes.INTERNAL);
  });

  it('is so often as attempts says, and never when it is 0 or nothing is said', async () => {
    const twice = await call('grpc.test', 'twice', '14,t14,14,14');
    assert.deepEqual([twice.code, twice.attempts.length], [codes.UNAVAILABLE, 3]);
    assert.deepEqual(
      twice.attempts.map(({ previous }) => previous),
      ['', '1', '2'],
    );
    for (const name of ['switched-off', 'nothing']) {
      const { code, attempts } = await call('grpc.test', name, '14');
      assert.deepEqual([code, attempts.length], [codes.UNAVAILABLE, 1], name);
    }
  });

  it('is an attempt that takes longer than perTryTimeout', async () => {
    const { code, attempts, tookMs } = await call('grpc.test', 'per-try', 'hang,hang,ok');
    assert.deepEqual([code, attempts.length], [codes.OK, 3]);
    assert.ok(tookMs >= 395 && tookMs < 3_000, `${tookMs} ms`);
  });

  it('waits a random part of backoff before', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => call('grpc.test', 'pauses', '14')));
    const pausesMs = all.map(({ attempts: [first, second] }) => second!.atMs - first!.atMs);
    // Each lies anywhere below 400 ms: one run in a million has all of the ten below 100 ms.
    assert.ok(Math.max(...pausesMs) >= 100, String(pausesMs));
    assert.ok(Math.max(...pausesMs) < 2_000, String(pausesMs));
  });

  it('goes to another endpoint, unless retryIgnorePreviousHosts is false', async () => {
    const hostsOf = async (name: string) => {
      const hosts: string[] = [];
      for (let at = 0; at < 30; at++) {
        const { attempts } = await call('pair.test', name, '14');
        hosts.push(attempts.map(({ server }) => server).join());
      }
      return hosts;
    };
    for (const hosts of await hostsOf('elsewhere')) assert.ok(['a,b', 'b,a'].includes(hosts), hosts);
    const anywhere = await hostsOf('anywhere');
    assert.ok(anywhere.some((hosts) => ['a,a', 'b,b'].includes(hosts)));
  });

  it('waits as long as the server says, or is left when it says so', async () => {
    const later = await call('grpc.test', 'twice', 'p250');
    assert.equal(later.code, codes.OK);
    const [first, second] = later.attempts;
    assert.ok(second!.atMs - first!.atMs >= 245, `${second!.atMs - first!.atMs} ms`);
    const never = await call('grpc.test', 'twice', 'p-1');
    assert.deepEqual([never.code, never.attempts.length], [codes.UNAVAILABLE, 1]);
  });

  it('is nothing whose pause does not fit into the time left', async () => {
    const { code, attempts, tookMs } = await call('grpc.test', 'no-time', 'p600');
    assert.deepEqual([code, attempts.length], [codes.UNAVAILABLE, 1]);
    assert.ok(tookMs < 390, `it waits for nothing, ${tookMs} ms`);
  });

  it('goes to another locality when retryRemoteLocalities says so and two attempts have failed', async () => {
    const serversOf = async (name: string): Promise<string> => {
      const { attempts } = await call('places.test', name, '14,14,14,14');
      return attempts.map(({ server }) => server).join();
    };
    assert.equal(await serversOf('near'), 'a,a,a,a');
    assert.match(await serversOf('remote'), /^a,a,b/);
  });

  it('is a call that is slow, with hedging, and the first answer counts', async () => {
    const { code, attempts, tookMs } = await call('hedged.default.svc.cluster.local', 'any', 'hang');
    assert.deepEqual([code, attempts.length], [codes.OK, 2]);
    assert.ok(tookMs >= 95 && tookMs < 3_000, `${tookMs} ms`);
  });

  it('is any status that a GRPCPolicy names, and none when calls must not be made twice', async () => {
    const [policy, careful] = ['policy', 'careful'].map((name) => `${name}.default.svc.cluster.local`);
    for (const steps of ['t10', '2,10', '10,t2,ok']) {
      const { code, attempts } = await call(policy!, 'any', steps);
      assert.deepEqual(
        [code, attempts.length],
        [codes.OK, steps.split(',').filter((one) => one !== 'ok').length + 1],
      );
    }
    assert.equal((await call(policy!, 'any', '10,10,10,10')).attempts.length, 3);
    const other = await call(policy!, 'any', '14');
    assert.deepEqual([other.code, other.attempts.length], [codes.UNAVAILABLE, 1]);
    const slow = await call(policy!, 'any', 'hang');
    assert.deepEqual([slow.code, slow.attempts.length], [codes.DEADLINE_EXCEEDED, 1]);
    const once = await call(careful!, 'any', 't14');
    assert.deepEqual([once.code, once.attempts.length], [codes.UNAVAILABLE, 1]);
  });
});

/** Where nobody listens. */
async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}
