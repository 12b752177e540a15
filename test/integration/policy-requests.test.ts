import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Metadata, status as codes, type ServiceError } from '@grpc/grpc-js';
import { callUnary, createEchoClient, type CallSettings, type EchoClient } from '../support/echo-client.js';
import { ECHO_PATH, type EchoRequest } from '../support/echo-service.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { until } from '../support/until.js';

/** A VirtualService of the service `echo`; `rules` is YAML under `http`, `version` tells the test when it is in force. */
function virtualService(version: string, rules: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: default }
spec:
  hosts: [echo]
  http:
    - name: version
      match: [{ uri: { exact: /version } }]
      directResponse: { status: 503, body: { string: '${version}' } }
${rules}`;
}

describe('the policies of a VirtualService for requests', needsWeir, () => {
  let main: EchoServer;
  let other: EchoServer;
  let mesh: Mesh;
  let client: EchoClient;
  let version = 0;

  before(async () => {
    main = await startEchoServer({ name: 'main' });
    other = await startEchoServer({ name: 'other' });
    mesh = await startMesh([main]);
    mesh.directory.service('other');
    mesh.directory.endpoint('other', 'other', other.address);
    client = mesh.client();
  });
  after(async () => {
    await mesh.close();
    main.destroy();
    other.destroy();
  });
  beforeEach(() => {
    main.calls = 0;
    other.calls = 0;
  });

  /** Puts rules in force and waits until they are. */
  async function apply(rules: string): Promise<void> {
    const wanted = `v${++version}`;
    mesh.directory.write('virtual-service.yaml', virtualService(wanted, rules));
    const inForce = async (): Promise<boolean> => (await failureOf('/version')).details === wanted;
    await until(`version ${wanted} is in force`, inForce, 10_000);
  }

  /** The error of a call to a path that is no method of the service. */
  function failureOf(path: string): Promise<ServiceError> {
    return new Promise((resolve, reject) => {
      const bytes = (value: Buffer): Buffer => value;
      client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), (error) => {
        if (error === null) reject(new Error(`${path} did not fail`));
        else resolve(error);
      });
    });
  }

  function metadata(fields: Readonly<Record<string, string>>): Metadata {
    const made = new Metadata();
    for (const [name, value] of Object.entries(fields)) made.set(name, value);
    return made;
  }

  /** The error of a call that is expected to fail. */
  async function rejected(request: EchoRequest = {}, settings: CallSettings = {}): Promise<ServiceError> {
    try {
      await callUnary(client, request, settings);
    } catch (error) {
      return error as ServiceError;
    }
    throw new Error('the call did not fail');
  }

  it('change headers per route and per destination, on the way there and back', async () => {
    await apply(`    - name: headers
      headers:
        request: { set: { x-echo-set: new }, add: { x-echo-more: added }, remove: [x-echo-gone] }
        response: { set: { x-by: weir }, remove: [x-echo-hidden] }
      route:
        - destination: { host: echo }
          headers: { request: { set: { x-echo-destination: one } } }
`);
    const sent = metadata({ 'x-echo-set': 'old', 'x-echo-gone': 'here', 'x-echo-hidden': 'secret' });
    const { headers } = await callUnary(client, {}, { metadata: sent });
    assert.deepEqual(headers.get('x-echo-set'), ['new']);
    assert.deepEqual(headers.get('x-echo-more'), ['added']);
    assert.deepEqual(headers.get('x-echo-destination'), ['one']);
    assert.deepEqual(headers.get('x-echo-gone'), []);
    assert.deepEqual(headers.get('x-echo-hidden'), []);
    assert.deepEqual(headers.get('x-by'), ['weir']);
  });

  it('rewrite the path, so that a method answers under another name', async () => {
    await apply(`    - name: old
      match: [{ uri: { prefix: /old.Echo/ } }]
      rewrite: { uri: ${ECHO_PATH}/ }
      route: [{ destination: { host: echo } }]
    - name: pattern
      match: [{ uri: { prefix: /pattern. } }]
      rewrite: { uriRegexRewrite: { match: '^/pattern\\.([A-Za-z]+)/', rewrite: '/weir.test.\\1/' } }
      route: [{ destination: { host: echo } }]
`);
    for (const path of ['/old.Echo/Unary', '/pattern.Echo/Unary']) {
      const callsBefore = main.calls;
      await new Promise<void>((resolve, reject) => {
        const bytes = (value: Buffer): Buffer => value;
        client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
      assert.equal(main.calls, callsBefore + 1, path);
    }
  });

  it('answer directly and redirect, as gRPC can understand it', async () => {
    await apply(`    - name: closed
      match: [{ uri: { exact: /closed } }]
      directResponse: { status: 403, body: { string: 'not today' } }
    - name: moved
      match: [{ uri: { exact: /moved } }]
      redirect: { authority: elsewhere.example, uri: /new }
`);
    const closed = await failureOf('/closed');
    assert.equal(closed.code, codes.PERMISSION_DENIED);
    assert.equal(closed.details, 'not today');
    const moved = await failureOf('/moved');
    assert.equal(moved.code, codes.UNKNOWN);
    assert.deepEqual(moved.metadata.get('location'), ['http://elsewhere.example/new']);
  });

  it('abort and delay the share of the calls that a fault says', async () => {
    await apply(`    - name: aborted
      match: [{ headers: { x-fault: { exact: abort } } }]
      fault: { abort: { grpcStatus: UNAVAILABLE, percentage: { value: 50 } } }
      route: [{ destination: { host: echo } }]
    - name: delayed
      match: [{ headers: { x-fault: { exact: delay } } }]
      fault: { delay: { fixedDelay: 0.3s, percentage: { value: 100 } } }
      timeout: 0.2s
      route: [{ destination: { host: echo } }]
    - name: rest
      route: [{ destination: { host: echo } }]
`);
    const settings = { metadata: metadata({ 'x-fault': 'abort' }) };
    const results = await Promise.allSettled(
      Array.from({ length: 200 }, () => callUnary(client, {}, settings)),
    );
    const failed = results.filter(({ status }) => status === 'rejected');
    assert.ok(failed.length > 65 && failed.length < 135, `${failed.length} of 200 were aborted`);
    for (const one of failed) assert.equal((one as PromiseRejectedResult).reason.code, codes.UNAVAILABLE);
    assert.equal(main.calls, 200 - failed.length, 'an aborted call reaches no endpoint, and is not retried');

    const begun = performance.now();
    await callUnary(client, {}, { metadata: metadata({ 'x-fault': 'delay' }) });
    assert.ok(performance.now() - begun >= 290, 'the timeout begins after the delay');
  });

  it('send copies whose fate does not matter to the call', async () => {
    await apply(`    - name: mirrored
      route: [{ destination: { host: echo } }]
      mirrors:
        - { destination: { host: other }, percentage: { value: 100 } }
`);
    for (let at = 0; at < 20; at++) {
      const { reply } = await callUnary(client, { payload: Buffer.alloc(10_000, 'x') });
      assert.equal(reply.server, 'main');
    }
    await until('all copies have arrived', () => other.calls === 20);
    const error = await rejected({ statusCode: codes.NOT_FOUND });
    assert.equal(error.code, codes.NOT_FOUND);
    mesh.directory.removeEndpoint('other');
    for (let at = 0; at < 20; at++) await callUnary(client);
    mesh.directory.endpoint('other', 'other', other.address);
  });
});

describe('the local rate limit of a service', needsWeir, () => {
  let server: EchoServer;
  let mesh: Mesh;

  before(async () => {
    server = await startEchoServer({ name: 'main' });
    mesh = await startMesh([server]);
  });
  after(async () => {
    await mesh.close();
    server.destroy();
  });

  const limit = (requests: number): string => `apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: echo, namespace: default }
spec:
  targetRef: { kind: Service, name: echo }
  rateLimit: { requestsPerUnit: ${requests}, unit: hour }
`;

  /** Calls until one fails; resolves to how many did not, and the error. */
  async function callUntilRefused(client: EchoClient): Promise<{ passed: number; error: ServiceError }> {
    for (let passed = 0; ; passed++) {
      try {
        await callUnary(client);
      } catch (error) {
        return { passed, error: error as ServiceError };
      }
    }
  }

  it('refuses what is over it and says when to come back; an update does not fill the bucket', async () => {
    const client = mesh.keep(createEchoClient(mesh.address));
    mesh.directory.write('policy.yaml', limit(20));
    const { error } = await callUntilRefused(client);
    assert.equal(error.code, codes.RESOURCE_EXHAUSTED);
    const pushbackMs = Number(error.metadata.get('grpc-retry-pushback-ms')[0]);
    assert.ok(pushbackMs > 0 && pushbackMs <= 3_600_000, `${pushbackMs}`);

    mesh.directory.write('policy.yaml', limit(23));
    await until('there are tokens again', async () => (await callUntilRefused(client)).passed > 0, 10_000);
    const { passed } = await callUntilRefused(client);
    assert.equal(passed, 0);
    assert.ok(server.calls >= 23);
  });
});

describe('the consistent hash of a DestinationRule', needsWeir, () => {
  let servers: EchoServer[];
  let mesh: Mesh;

  before(async () => {
    servers = await Promise.all(['a', 'b', 'c'].map((name) => startEchoServer({ name })));
    mesh = await startMesh(servers);
  });
  after(async () => {
    await mesh.close();
    for (const server of servers) server.destroy();
  });

  /** The servers that answered a few calls of one user, each on a connection of its own. */
  async function serversOf(user: string): Promise<Set<string>> {
    const names = new Set<string>();
    for (let at = 0; at < 6; at++) {
      const metadata = new Metadata();
      metadata.set('x-user', user);
      names.add((await callUnary(mesh.client(), {}, { metadata })).reply.server);
    }
    return names;
  }

  it('binds each user to one endpoint, and all users together to all of them', async () => {
    mesh.directory.write(
      'destination-rule.yaml',
      `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo, namespace: default }
spec:
  host: echo
  trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x-user } } }
`,
    );
    const users = Array.from({ length: 12 }, (_, at) => `user-${at}`);
    await until('the proxy binds', async () => {
      const { body } = await mesh.weir.get('/clusters');
      return body.includes('"ring_hash"');
    });
    const bound = new Set<string>();
    for (const user of users) {
      const names = await serversOf(user);
      assert.equal(names.size, 1, `${user} met ${[...names].join(', ')}`);
      for (const name of names) bound.add(name);
    }
    assert.equal(bound.size, 3);
  });
});
