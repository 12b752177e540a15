import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ClientHttp2Session } from 'node:http2';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir } from '../support/mesh.js';
import { grpcHeaders, openSession, readResponse } from '../support/raw-http2.js';
import { callPath, ServiceMesh, type PathCall } from '../support/service-mesh.js';

const UNARY = '/weir.test.Echo/Unary';

/** A condition, calls that it is for and calls that it is not for; each rule is for calls of its own test alone. */
interface Case {
  readonly name: string;
  /** YAML of a `match`. */
  readonly match: string;
  readonly takes: readonly PathCall[];
  readonly leaves: readonly PathCall[];
}

const cases: readonly Case[] = [
  {
    name: 'uri-exact',
    match: `uri: { exact: ${UNARY} }`,
    takes: [{}],
    leaves: [{ path: `${UNARY}2` }, { path: UNARY.toUpperCase() }],
  },
  {
    name: 'uri-prefix',
    match: 'uri: { prefix: /weir.test.Echo/ }',
    takes: [{}, { path: '/weir.test.Echo/Other' }],
    leaves: [{ path: '/weir.test.Echo2/Unary' }],
  },
  {
    name: 'uri-regex',
    match: "uri: { regex: '/weir[.]test[.]Echo/(Unary|Bidi)' }",
    takes: [{}, { path: '/weir.test.Echo/Bidi' }],
    // The whole path must match.
    leaves: [{ path: `${UNARY}2` }, { path: '/x/weir.test.Echo/Unary' }],
  },
  {
    name: 'uri-any-case',
    match: 'uri: { prefix: /WEIR.test.Echo/u }, ignoreUriCase: true',
    takes: [{}, { path: UNARY.toUpperCase() }],
    leaves: [{ path: '/weir.test.Echo/Bidi' }],
  },
  {
    name: 'header-exact',
    match: "headers: { version: { exact: '200' } }",
    takes: [{ metadata: { version: '200' } }],
    leaves: [{}, { metadata: { version: '2000' } }],
  },
  {
    name: 'header-prefix-and-presence',
    match: 'headers: { tenant: { prefix: eu- }, user: {} }',
    takes: [{ metadata: { tenant: 'eu-1', user: 'x' } }],
    leaves: [{ metadata: { tenant: 'eu-1' } }, { metadata: { tenant: 'us-1', user: 'x' } }],
  },
  {
    name: 'header-regex',
    match: "headers: { tenant: { regex: 'a|b+' } }",
    takes: [{ metadata: { tenant: 'a' } }, { metadata: { tenant: 'bb' } }],
    leaves: [{}, { metadata: { tenant: 'ab' } }],
  },
  {
    name: 'without-headers',
    match: 'withoutHeaders: { debug: {}, tenant: { exact: internal } }',
    takes: [{}, { metadata: { tenant: 'other' } }],
    leaves: [{ metadata: { debug: '1' } }, { metadata: { tenant: 'internal' } }],
  },
  {
    name: 'query-params',
    match: "queryParams: { version: { exact: '2' }, mode: { regex: 'a.*' } }",
    takes: [{ path: `${UNARY}?mode=abc&version=2` }],
    leaves: [{}, { path: `${UNARY}?version=2` }, { path: `${UNARY}?version=3&mode=a` }],
  },
  {
    name: 'one-of-several',
    match: "headers: { a: { exact: '1' } } }, { headers: { b: { exact: '1' } }, uri: { prefix: /weir. }",
    takes: [{ metadata: { a: '1' } }, { metadata: { b: '1' } }],
    leaves: [{ metadata: { b: '1' }, path: '/other/Unary' }, {}],
  },
];

/** `name` comes back in a header, and each of the matches holds for calls that say so alone. */
function ruleOf({ name, match }: Case): string {
  const matches = match.split(/ \}, \{ (?=headers)/).map((each) => {
    const own = `x-case: { exact: ${name} }`;
    return each.includes('headers: {') && !each.startsWith('withoutHeaders')
      ? `{ ${each.replace('headers: {', `headers: { ${own},`)} }`
      : `{ ${each}, headers: { ${own} } }`;
  });
  return `    - name: ${name}
      match: [${matches.join(', ')}]
      headers: { response: { set: { x-rule: ${name} } } }
      route: [{ destination: { host: match.test } }]
`;
}

const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: match }
spec:
  hosts: [match.test]
  gateways: [mesh]
  http:
${cases.map(ruleOf).join('')}
    - name: first
      match: [{ name: narrow, headers: { x-case: { exact: order } }, uri: { prefix: /weir. } }]
      headers: { response: { set: { x-rule: first } } }
      route: [{ destination: { host: match.test } }]
    - name: second
      match: [{ headers: { x-case: { exact: order } } }]
      headers: { response: { set: { x-rule: second } } }
      route: [{ destination: { host: match.test } }]
    - name: by-authority
      match: [{ headers: { x-case: { exact: authority } }, authority: { prefix: 'match.test:' } }]
      headers: { response: { set: { x-rule: authority } } }
      route: [{ destination: { host: match.test } }]
    - name: by-http-method
      match: [{ headers: { x-case: { exact: http } }, method: { exact: GET }, scheme: { exact: http } }]
      headers: { response: { set: { x-rule: get } } }
      directResponse: { status: 200 }
    - name: by-scheme
      match: [{ headers: { x-case: { exact: http } }, scheme: { exact: https } }]
      headers: { response: { set: { x-rule: https } } }
      directResponse: { status: 200 }
    - name: edge-alone
      match: [{ gateways: [edge] }]
      directResponse: { status: 500 }
    - name: rest
      headers: { response: { set: { x-rule: none } } }
      route: [{ destination: { host: match.test } }]
`;

describe('the conditions of a VirtualService', needsWeir, () => {
  let server: EchoServer;
  let mesh: ServiceMesh;

  before(async () => {
    server = await startEchoServer({ name: 'main' });
    mesh = new ServiceMesh();
    mesh.service('match.test', [{ server }], RULES);
    await mesh.start('--listen', 'match.test:50051=127.0.0.1:0');
  });
  after(async () => {
    await mesh.close();
    server.destroy();
  });

  async function ruleFor(call: PathCall): Promise<string> {
    const { headers } = await callPath(mesh.client('match.test'), call);
    return String(headers.get('x-rule')[0]);
  }

  for (const each of cases) {
    it(`take and leave calls: ${each.name}`, async () => {
      const own = (call: PathCall): PathCall => ({
        ...call,
        metadata: { 'x-case': each.name, ...call.metadata },
      });
      for (const call of each.takes) assert.equal(await ruleFor(own(call)), each.name, JSON.stringify(call));
      for (const call of each.leaves) assert.equal(await ruleFor(own(call)), 'none', JSON.stringify(call));
    });
  }

  it('are asked in order, and the first that takes the call counts', async () => {
    const metadata = { 'x-case': 'order' };
    assert.equal(await ruleFor({ metadata }), 'first');
    assert.equal(await ruleFor({ metadata, path: '/other/Unary' }), 'second');
  });

  it('look at the authority', async () => {
    const metadata = { 'x-case': 'authority' };
    assert.equal(await ruleFor({ metadata }), 'authority');
    const other = mesh.client('match.test', 50051, { 'grpc.default_authority': 'match.test' });
    const { headers } = await callPath(other, { metadata });
    assert.deepEqual(headers.get('x-rule'), ['none']);
  });

  it('look at method and scheme, which gRPC has one of', async () => {
    const metadata = { 'x-case': 'http' };
    assert.equal(await ruleFor({ metadata }), 'none');
    const session: ClientHttp2Session = await openSession(mesh.weir.listener('match.test:50051'));
    const ask = async (method: string, scheme: string) => {
      const headers = { ...grpcHeaders('/x/y', metadata), ':method': method, ':scheme': scheme };
      return (await readResponse(session.request(headers, { endStream: true }))).headers['x-rule'];
    };
    assert.equal(await ask('GET', 'http'), 'get');
    assert.equal(await ask('POST', 'https'), 'https');
    session.destroy();
  });
});
