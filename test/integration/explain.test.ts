import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { ConfigDirectory } from '../support/config-directory.js';
import { callUnary, createEchoClient, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir } from '../support/mesh.js';
import { repositoryRoot } from '../support/node-process.js';
import { startRun, type WeirProcess } from '../support/weir-process.js';

/** Each rule says in a response header which one it is. */
const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo }
spec:
  hosts: [echo]
  http:
    - name: canary
      match: [{ headers: { version: { exact: '200' } } }]
      headers: { response: { set: { x-rule: canary } } }
      route: [{ destination: { host: echo, subset: v2 } }]
    - name: not-this-method
      match: [{ uri: { exact: /weir.test.Echo/Bidi } }]
      headers: { response: { set: { x-rule: not-this-method } } }
      route: [{ destination: { host: echo, subset: v2 } }]
    - name: by-source
      match: [{ headers: { tenant: { regex: 'a|b' } }, sourceLabels: { app: web } }]
      headers: { response: { set: { x-rule: by-source } } }
      route: [{ destination: { host: echo, subset: v1 } }]
    - name: split
      match: [{ uri: { prefix: /weir.test.Echo/ }, withoutHeaders: { lost: {} } }]
      timeout: 9s
      retries: { attempts: 2, perTryTimeout: 3s, retryOn: unavailable }
      headers: { response: { set: { x-rule: split } } }
      route:
        - { destination: { host: echo, subset: v1 }, weight: 60 }
        - { destination: { host: echo, subset: v2 }, weight: 40 }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo }
spec:
  host: echo
  trafficPolicy:
    loadBalancer: { simple: ROUND_ROBIN }
    connectionPool: { http: { http2MaxRequests: 100 } }
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
`;

const pod = (name: string, version: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: echo, version: ${version} } }
`;

interface Report {
  readonly routed: boolean;
  readonly reason: string;
  readonly passedOver: readonly { readonly name: string; readonly because: string }[];
  readonly matched?: {
    readonly name: string;
    readonly source: { readonly file: string; readonly line: number };
    readonly settings: readonly { readonly name: string; readonly value: string }[];
    readonly destinations: readonly {
      readonly subset: string;
      readonly share: number;
      readonly limits: readonly { readonly name: string; readonly source?: { readonly line: number } }[];
      readonly endpoints: readonly {
        readonly pod: string;
        readonly address: string;
        readonly health: string;
      }[];
    }[];
  };
}

describe('weir explain', needsWeir, () => {
  let servers: EchoServer[] = [];
  let config: ConfigDirectory;
  let weir: WeirProcess;
  let client: EchoClient;

  before(async () => {
    config = new ConfigDirectory();
    config.service('echo');
    servers = await Promise.all(['v1-a', 'v1-b', 'v2-a'].map((name) => startEchoServer({ name })));
    for (const { name, address } of servers) {
      config.endpoint('echo', name, address);
      config.write(`pod-${name}.yaml`, pod(name, name.slice(0, 2)));
    }
    config.write('rules.yaml', RULES);
    weir = await startRun(config.path, '--listen', 'echo:50051=127.0.0.1:0', '--label', 'app=web');
    await weir.ready();
    client = createEchoClient(weir.listener('echo:50051'));
  });
  after(async () => {
    client.close();
    await weir.process.kill();
    config.destroy();
    for (const server of servers) server.destroy();
  });

  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['packages/mesh/bin/weir.js', 'explain', '-f', config.path, ...args], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    });

  function explain(headers: Readonly<Record<string, string>>, ...args: string[]) {
    const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`]);
    const call = ['--to', 'echo:50051', '--method', '/weir.test.Echo/Unary', '--label', 'app=web'];
    const { status, stdout, stderr } = run(...call, ...given, ...args, '-o', 'json');
    assert.equal(stderr, '');
    assert.equal(stdout.split('\n').length, 2);
    return { status, report: JSON.parse(stdout) as Report };
  }

  /** The rule that a running proxy goes by, and who answers. */
  async function callOften(headers: Readonly<Record<string, string>>) {
    const rules = new Set<string>();
    const answering = new Set<string>();
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    for (let count = 0; count < 60; count++) {
      const answer = await callUnary(client, {}, { metadata });
      rules.add(String(answer.headers.get('x-rule')[0]));
      answering.add(answer.reply.server);
    }
    return { rules: [...rules], servers: [...answering].sort() };
  }

  for (const headers of [{ version: '200' }, { version: '100' }, { tenant: 'b' }, { tenant: 'c' }, {}]) {
    it(`says where a running proxy sends calls with ${JSON.stringify(headers)}`, async () => {
      const { status, report } = explain(headers);
      assert.equal(status, 0);
      const explained = report.matched?.destinations.flatMap(({ endpoints }) =>
        endpoints.filter(({ health }) => health === 'healthy').map((endpoint) => endpoint.pod),
      );
      const real = await callOften(headers);
      assert.deepEqual(real.rules, [report.matched?.name]);
      assert.deepEqual(real.servers, explained?.sort());
    });
  }

  it('says of each rule before the one that matched which condition fails', () => {
    const { report } = explain({ version: '100' });
    assert.deepEqual(
      report.passedOver.map(({ name, because }) => `${name}: ${because}`),
      [
        'canary: header version is "100"; it must be "200"',
        'not-this-method: path is "/weir.test.Echo/Unary"; it must be "/weir.test.Echo/Bidi"',
        'by-source: header tenant is missing; it must match "a|b"',
      ],
    );
  });

  it('says weights, addresses, settings and limits, and where each is written', () => {
    const { report } = explain({});
    const lineOf = (text: string): number => RULES.split('\n').findIndex((line) => line.includes(text)) + 1;
    const { matched } = report;
    assert.equal(matched?.source.file, 'rules.yaml');
    assert.equal(matched.source.line, lineOf('uri: { prefix'));
    assert.deepEqual(
      matched.destinations.map(({ subset, share }) => [subset, share]),
      [
        ['v1', 0.6],
        ['v2', 0.4],
      ],
    );
    const addresses = matched.destinations.flatMap(({ endpoints }) => endpoints.map((each) => each.address));
    assert.deepEqual(addresses.sort(), servers.map(({ address }) => address).sort());
    const settings = Object.fromEntries(matched.settings.map(({ name, value }) => [name, value]));
    assert.equal(settings['timeout'], '9000 ms');
    assert.match(settings['retry'] ?? '', /^up to 2 more attempts, 3000 ms each on unavailable/);
    const requests = matched.destinations[0]?.limits.find(({ name }) => name === 'requests');
    assert.equal(requests?.source?.line, lineOf('trafficPolicy:'));
  });

  it('ends with 1 when no rule matches, and when there is no such service', async () => {
    const lost = explain({ lost: 'yes' });
    assert.equal(lost.status, 1);
    assert.match(lost.report.reason, /no rule matches/);
    assert.equal(lost.report.passedOver.length, 4);
    const metadata = new Metadata();
    metadata.set('lost', 'yes');
    await assert.rejects(callUnary(client, {}, { metadata }), /no route of "echo:50051" matches/);

    const { status, stdout } = run('--to', 'ecko:50051', '--method', '/weir.test.Echo/Unary');
    assert.equal(status, 1);
    assert.match(stdout, /^NO ROUTE: no service has the name "ecko"[^]*did\s+you\s+mean\s+"echo"\?$/m);
  });

  it('ends with 2 when the call or the directory is not there', () => {
    assert.equal(run('--to', 'echo', '--method', '/weir.test.Echo/Unary').status, 2);
    assert.equal(run('--to', 'echo:50051', '--method', 'Unary').status, 2);
    assert.equal(run('--method', '/weir.test.Echo/Unary').status, 2);
    const gone = run('--to', 'echo:50051', '--method', '/a.B/C', '-f', `${config.path}/gone`);
    assert.equal(gone.status, 2);
    assert.match(gone.stderr, /there is no directory/);
  });

  it('prints lines of at most 80 columns, but for names that are longer', () => {
    const { status, stdout } = run('--to', 'echo:50051', '--method', '/weir.test.Echo/Unary');
    assert.equal(status, 0);
    assert.match(stdout, /^ {2}60% to echo\.default\.svc\.cluster\.local:50051, subset v1$/m);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });
});
