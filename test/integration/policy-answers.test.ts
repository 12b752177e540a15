import assert from 'node:assert/strict';
import type { ClientHttp2Session } from 'node:http2';
import { after, before, beforeEach, describe, it } from 'node:test';
import { status as codes } from '@grpc/grpc-js';
import type { EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir } from '../support/mesh.js';
import { openSession, readResponse, startRawServer, type RawServer } from '../support/raw-http2.js';
import { callPath, ServiceMesh } from '../support/service-mesh.js';
import { until } from '../support/until.js';

/** Calls of the path `/<name>` meet a rule; those of other paths do not. */
const answer = (name: string, action: string): string => `    - name: ${name}
      match: [{ uri: { exact: /${name} } }]
      ${action}
`;

/** Calls that say \`x-rule: <name>\` meet a rule, which sends them on. */
const forward = (name: string, settings: string): string => `    - name: ${name}
      match: [{ headers: { x-rule: { exact: ${name} } } }]
      ${settings}
      route: [{ destination: { host: answers.test } }]
`;

const BYTES = Buffer.from('in bytes').toString('base64');

const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: answers }
spec:
  hosts: [answers.test]
  http:
${[
  answer('closed', "directResponse: { status: 403, body: { string: 'not today' } }"),
  answer('bytes', `directResponse: { status: 429, body: { bytes: ${BYTES} } }`),
  answer('moved', 'redirect: { authority: elsewhere.example, uri: /new, redirectCode: 308 }'),
  answer('secured', 'redirect: { scheme: https, port: 8443, prefixRewrite: /other }'),
  answer('derived', 'redirect: { authority: elsewhere.example, derivePort: FROM_REQUEST_PORT }'),
  answer('marked', 'headers: { response: { set: { x-by: weir } } }\n      redirect: { uri: /new }'),
  forward('authority', 'rewrite: { authority: other.example }'),
  forward('pattern', "rewrite: { uriRegexRewrite: { match: '^/old/(.*)', rewrite: '/weir.test.Echo/\\1' } }"),
  forward('http-abort', 'fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }'),
  forward('number', 'fault: { abort: { grpcStatus: "8", percentage: { value: 100 } } }'),
  forward('nobody', 'fault: { abort: { httpStatus: 500 }, delay: { fixedDelay: 5s } }'),
  forward('old-delay', 'fault: { delay: { fixedDelay: 0.2s, percent: 100 } }'),
  forward('third', 'mirror: { host: shadow.test }\n      mirrorPercentage: { value: 30 }'),
  forward('old-third', 'mirror: { host: shadow.test }\n      mirrorPercent: 30'),
  forward(
    'two-mirrors',
    'mirrors: [{ destination: { host: shadow.test } }, { destination: { host: second.test }, percentage: { value: 50 } }]',
  ),
].join('')}    - name: known
      match: [{ uri: { prefix: /weir.test. } }]
      route: [{ destination: { host: answers.test } }]
    - name: silent
      match: [{ uri: { exact: /silent } }]
      timeout: 150ms
      route: [{ destination: { host: silent.test } }]
    - name: gone
      match: [{ uri: { exact: /gone } }]
      route: [{ destination: { host: gone.test } }]
`;

describe('what a rule answers or changes', needsWeir, () => {
  let main: EchoServer;
  let shadow: EchoServer;
  let second: EchoServer;
  let silent: RawServer;
  let mesh: ServiceMesh;
  let client: EchoClient;
  let session: ClientHttp2Session;

  before(async () => {
    [main, shadow, second] = await Promise.all([
      startEchoServer({ name: 'main' }),
      startEchoServer({ name: 'shadow' }),
      startEchoServer({ name: 'second' }),
    ]);
    mesh = new ServiceMesh();
    mesh.service('answers.test', [{ server: main }], RULES);
    mesh.service('shadow.test', [{ server: shadow }]);
    mesh.service('second.test', [{ server: second }]);
    mesh.service('gone.test', []);
    silent = await startRawServer(() => {});
    mesh.service('silent.test', [{ server: silent }]);
    await mesh.start('--listen', 'answers.test:50051=127.0.0.1:0');
    client = mesh.client('answers.test');
    session = await openSession(mesh.weir.listener('answers.test:50051'));
  });
  after(async () => {
    session.destroy();
    await mesh.close();
    for (const server of [main, shadow, second]) server.destroy();
    silent.close();
  });
  beforeEach(() => {
    for (const server of [main, shadow, second]) server.calls = 0;
  });

  /** A request that is not gRPC, whose answer is one of HTTP. */
  async function getPlain(path: string, headers: Readonly<Record<string, string>> = {}) {
    const stream = session.request(
      { ':method': 'GET', ':path': path, ':authority': 'answers.test:50051', ...headers },
      { endStream: true },
    );
    const { headers: fields, body } = await readResponse(stream);
    return { status: fields[':status'], location: fields['location'], fields, text: body.toString() };
  }

  it('is a direct response with a text or bytes', async () => {
    const closed = await callPath(client, { path: '/closed' });
    assert.deepEqual([closed.code, closed.details], [codes.PERMISSION_DENIED, 'not today']);
    const bytes = await callPath(client, { path: '/bytes' });
    assert.deepEqual([bytes.code, bytes.details], [codes.UNAVAILABLE, 'in bytes']);
    const plain = await getPlain('/bytes');
    assert.deepEqual([plain.status, plain.text], [429, 'in bytes']);
    assert.equal((await getPlain('/closed')).text, 'not today');
  });

  it('is a redirect to another authority, path, scheme or port', async () => {
    const moved = await getPlain('/moved');
    assert.deepEqual([moved.status, moved.location], [308, 'http://elsewhere.example/new']);
    const secured = await getPlain('/secured');
    assert.deepEqual([secured.status, secured.location], [301, 'https://answers.test:8443/other']);
    const derived = await getPlain('/derived');
    assert.equal(derived.location, 'http://elsewhere.example:50051/derived');
    const { headers } = await callPath(client, { path: '/moved' });
    assert.deepEqual(headers.get('location'), ['http://elsewhere.example/new']);
  });

  it('is marked with the headers of its rule', async () => {
    assert.equal((await getPlain('/marked')).fields['x-by'], 'weir');
    assert.deepEqual((await callPath(client, { path: '/marked' })).headers.get('x-by'), ['weir']);
  });

  it('is another authority or path for the server', async () => {
    await callPath(client);
    assert.equal(main.lastAuthority, 'answers.test:50051');
    await callPath(client, { metadata: { 'x-rule': 'authority' } });
    assert.equal(main.lastAuthority, 'other.example');
    const { code } = await callPath(client, { path: '/old/Unary', metadata: { 'x-rule': 'pattern' } });
    assert.equal(code, codes.OK);
  });

  it('is an abort with a status of HTTP or of gRPC', async () => {
    const http = await callPath(client, { metadata: { 'x-rule': 'http-abort' } });
    assert.equal(http.code, codes.UNAVAILABLE);
    assert.equal((await getPlain('/x', { 'x-rule': 'http-abort' })).status, 503);
    const grpc = await callPath(client, { metadata: { 'x-rule': 'number' } });
    assert.equal(grpc.code, codes.RESOURCE_EXHAUSTED);
    assert.equal(main.calls, 0);
  });

  it('is a fault for nobody when no percentage is given, and for the share that the old field gives', async () => {
    const nobody = await callPath(client, { metadata: { 'x-rule': 'nobody' } });
    assert.equal(nobody.code, codes.OK);
    assert.ok(nobody.tookMs < 4_000);
    const delayed = await callPath(client, { metadata: { 'x-rule': 'old-delay' } });
    assert.equal(delayed.code, codes.OK);
    assert.ok(delayed.tookMs >= 195, `${delayed.tookMs} ms`);
  });

  for (const name of ['third', 'old-third']) {
    it(`is a copy of the share of the calls that ${name} says`, async () => {
      const calls = 400;
      for (let at = 0; at < calls; at++) await callPath(client, { metadata: { 'x-rule': name } });
      assert.equal(main.calls, calls);
      await settled(() => shadow.calls);
      // Five standard deviations: one run in a million fails by chance.
      const slack = 5 * Math.sqrt(calls * 0.3 * 0.7);
      assert.ok(Math.abs(shadow.calls - calls * 0.3) <= slack, `${shadow.calls} copies`);
    });
  }

  it('is a copy for each of several mirrors, with a share of its own', async () => {
    for (let at = 0; at < 100; at++) await callPath(client, { metadata: { 'x-rule': 'two-mirrors' } });
    await until('every copy is there', () => shadow.calls === 100);
    await settled(() => second.calls);
    assert.ok(second.calls >= 25 && second.calls <= 75, `${second.calls} copies`);
  });

  it('is an answer of HTTP for a caller that does not speak gRPC', async () => {
    const noRule = await getPlain('/unknown');
    assert.equal(noRule.status, 404);
    assert.match(noRule.text, /no route of "answers\.test:50051" matches/);
    const gone = await getPlain('/gone');
    assert.equal(gone.status, 503);
    const grpc = await callPath(client, { path: '/gone' });
    assert.deepEqual(
      [grpc.code, (await callPath(client, { path: '/unknown' })).code],
      [codes.UNAVAILABLE, codes.UNIMPLEMENTED],
    );
    const begunMs = performance.now();
    assert.equal((await getPlain('/silent')).status, 504);
    assert.ok(performance.now() - begunMs >= 145);
  });

  /** Copies are made beside the calls: waits until no more of them come. */
  async function settled(count: () => number): Promise<void> {
    let last = -1;
    await until('no more copies come', async () => {
      const now = count();
      const same = now === last;
      last = now;
      await new Promise((resume) => setTimeout(resume, 100));
      return same;
    });
  }
});
