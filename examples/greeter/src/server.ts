// The greeter: a gRPC server that says which pod answered.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { podName, port, text, wholeNumber } from './environment.js';
import { Greeter } from './greeter.js';
import type { HelloReply, HelloRequest } from './greeter.js';

const pod = podName();
const host = text('BIND_ADDRESS') ?? '0.0.0.0';
const delayMs = wholeNumber('DELAY_MS', 0, 60_000);
let draining = false;

function sayHello(call: ServerUnaryCall<HelloRequest, HelloReply>, reply: sendUnaryData<HelloReply>): void {
  const answer = (): void => reply(null, { message: `hostname:${pod}, in:${call.request.name}` });
  if (delayMs > 0) setTimeout(answer, delayMs);
  else answer();
}

function fail(error: Error): never {
  console.error(`cannot listen: ${error.message}`);
  process.exit(1);
}

/** For the kubelet: whether this pod wants traffic. */
const health = createServer((request, response) => {
  const known = request.url === '/healthz';
  response.writeHead(!known ? 404 : draining ? 503 : 200, { 'content-type': 'text/plain' });
  response.end(!known ? 'not found\n' : draining ? 'draining\n' : 'ok\n');
});
health.on('error', fail);

const server = new Server();
server.addService(Greeter.service, { sayHello });

function listen(healthNote: string): void {
  const address = `${host}:${port('PORT', 50051)}`;
  server.bindAsync(address, ServerCredentials.createInsecure(), (error, boundPort) => {
    if (error) fail(error);
    console.log(`greeter server ${pod}${healthNote} listening on ${host}:${boundPort}`);
  });
}

if (text('HTTP_PORT') === undefined) {
  listen('');
} else {
  health.listen(port('HTTP_PORT', 8081), host, () => {
    const { port: boundPort } = health.address() as AddressInfo;
    listen(` (http://${host}:${boundPort}/healthz)`);
  });
}

/** Takes no new connection, tells clients to go elsewhere (GOAWAY), lets the calls in flight finish. */
function drain(): void {
  if (draining) process.exit(1);
  draining = true;
  server.tryShutdown((error) => {
    if (error) console.error(`shutdown: ${error.message}`);
    process.exit(error ? 1 : 0);
  });
}
process.on('SIGTERM', drain);
process.on('SIGINT', drain);
