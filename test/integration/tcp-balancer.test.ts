import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { seededRandom } from '@weir/core';
import { TcpBalancer } from 'weir/dist/cli/demo/tcp-balancer.js';

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A server that says its name and then repeats what it is told. */
async function startServer(context: TestContext, name: string): Promise<Endpoint> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    socket.on('error', () => {});
    socket.write(name);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

async function startBalancer(context: TestContext): Promise<{ balancer: TcpBalancer; address: Endpoint }> {
  const balancer = new TcpBalancer(seededRandom(7));
  context.after(() => balancer.destroy());
  return { balancer, address: await balancer.listen() };
}

async function say(address: Endpoint, words: string): Promise<string> {
  const socket = connect({ ...address, allowHalfOpen: true });
  socket.end(words);
  return text(socket);
}

test('a connection goes to one endpoint, whole in both directions, and another may go elsewhere', async (context) => {
  const { balancer, address } = await startBalancer(context);
  balancer.setEndpoints([await startServer(context, 'a'), await startServer(context, 'b')]);
  const long = 'x'.repeat(1_000_000);
  const answers = await Promise.all(Array.from({ length: 20 }, () => say(address, long)));
  for (const answer of answers) assert.equal(answer.slice(1), long);
  assert.deepEqual([...new Set(answers.map((answer) => answer[0]))].sort(), ['a', 'b']);
});

test('a change of the endpoints leaves open connections where they are', async (context) => {
  const { balancer, address } = await startBalancer(context);
  balancer.setEndpoints([await startServer(context, 'a')]);
  const socket = connect({ ...address, allowHalfOpen: true });
  await once(socket, 'data');
  balancer.setEndpoints([await startServer(context, 'b')]);
  socket.end('still here');
  assert.equal(await text(socket), 'still here');
  assert.equal(await say(address, ''), 'b');
});

test('without an endpoint, or with one that is gone, a connection is closed', async (context) => {
  const { balancer, address } = await startBalancer(context);
  const refused = async (): Promise<void> => {
    const socket = connect(address);
    socket.on('error', () => {});
    await once(socket, 'close');
  };
  await refused();
  balancer.setEndpoints([{ host: '127.0.0.1', port: 1 }]);
  await refused();
});
