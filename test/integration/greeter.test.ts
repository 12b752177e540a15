import assert from 'node:assert/strict';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { NodeProcess, repositoryRoot } from '../support/node-process.js';
import { until } from '../support/until.js';

/** One of the greeter's programs and the address that it says it listens on. */
async function start(
  context: TestContext,
  program: 'server' | 'client',
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly process: NodeProcess; readonly address: string }> {
  const script = join(repositoryRoot, 'examples/greeter/dist', `${program}.js`);
  const process = new NodeProcess([script], { BIND_ADDRESS: '127.0.0.1', PORT: '0', ...environment });
  context.after(() => process.kill());
  await until(`the ${program} listens`, () => process.stdout.length > 0);
  const address = / listening on (\S+)$/.exec(process.stdout[0] ?? '')?.[1];
  assert.ok(address, process.stdout[0]);
  return { process, address };
}

function httpGet(address: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get(`http://${address}${path}`, { agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    request.on('error', reject);
  });
}

const GREET = '/grpc_client?name=native-tools-2&version=v1';

test('the client answers with the name of the pod that its call reached', async (context) => {
  const server = await start(context, 'server', { POD_NAME: 'native-tools-2-abc' });
  const client = await start(context, 'client', { GREETER_HOSTS: `native-tools-2:50051=${server.address}` });
  assert.deepEqual(await httpGet(client.address, GREET), {
    status: 200,
    body: 'Greeting: hostname:native-tools-2-abc, in:native-tools-2\n',
  });
});

test('a call that fails is answered with 502 and the gRPC code, and the client goes on', async (context) => {
  const hosts = 'native-tools-2:50051=127.0.0.1:1';
  const client = await start(context, 'client', { GREETER_HOSTS: hosts });
  for (let i = 0; i < 2; i++) {
    const { status, body } = await httpGet(client.address, GREET);
    assert.equal(status, 502);
    assert.match(body, /^UNAVAILABLE: /);
  }
});

test('a call that takes longer than a second is answered with DEADLINE_EXCEEDED', async (context) => {
  const server = await start(context, 'server', { POD_NAME: 'slow', DELAY_MS: '3000' });
  const client = await start(context, 'client', { GREETER_HOSTS: `native-tools-2:50051=${server.address}` });
  const { status, body } = await httpGet(client.address, GREET);
  assert.equal(status, 502);
  assert.match(body, /^DEADLINE_EXCEEDED: /);
});

test('a request that names no service is answered with 400', async (context) => {
  const client = await start(context, 'client', {});
  for (const path of ['/grpc_client', '/grpc_client?name=', '/grpc_client?name=a%20b', '//']) {
    assert.equal((await httpGet(client.address, path)).status, 400, path);
  }
});

test('on SIGTERM a server finishes the call in flight and ends with 0', async (context) => {
  const server = await start(context, 'server', { POD_NAME: 'leaving', DELAY_MS: '400' });
  const client = await start(context, 'client', { GREETER_HOSTS: `native-tools-2:50051=${server.address}` });
  const answer = httpGet(client.address, GREET);
  await new Promise((resolve) => setTimeout(resolve, 200));
  server.process.signal('SIGTERM');
  assert.equal((await answer).body, 'Greeting: hostname:leaving, in:native-tools-2\n');
  assert.deepEqual(await server.process.exited, { code: 0, signal: null });
});
