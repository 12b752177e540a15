// An echo service for pods that come and go: says when it took its first call and its last one.
// POD_NAME; LINGER_MS: how long it goes on as before after a SIGTERM, as a preStop hook makes it do.
import { createServer } from 'node:http';
import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import { echoService, type EchoReply, type ReceivedEchoRequest } from '../../support/echo-service.js';

const pod = process.env['POD_NAME'] ?? 'unknown';
const lingerMs = Number(process.env['LINGER_MS'] ?? '0');
let draining = false;
let firstCallMs = 0;
let lastCallMs = 0;
let calls = 0;

function note(): void {
  lastCallMs = Date.now();
  calls++;
  if (calls === 1) firstCallMs = lastCallMs;
  if (calls === 1) console.log(JSON.stringify({ firstCallMs }));
}

async function unary(
  { request }: ServerUnaryCall<ReceivedEchoRequest, EchoReply>,
  answer: sendUnaryData<EchoReply>,
): Promise<void> {
  note();
  if (request.delayMs > 0) await sleep(request.delayMs);
  answer(null, { payload: request.payload, server: pod });
}

async function serverStream(call: ServerWritableStream<ReceivedEchoRequest, EchoReply>): Promise<void> {
  note();
  for (let sent = 0; sent < call.request.replyCount && !call.cancelled; sent++) {
    if (call.request.delayMs > 0) await sleep(call.request.delayMs);
    call.write({ payload: call.request.payload, server: pod });
  }
  call.end();
}

function bidi(call: ServerDuplexStream<ReceivedEchoRequest, EchoReply>): void {
  note();
  call.on('data', ({ payload }: ReceivedEchoRequest) => call.write({ payload, server: pod }));
  call.on('end', () => call.end());
  call.on('error', () => {});
}

const server = new Server();
server.addService(echoService, {
  Unary: (call: ServerUnaryCall<ReceivedEchoRequest, EchoReply>, answer: sendUnaryData<EchoReply>) =>
    void unary(call, answer),
  ServerStream: (call: ServerWritableStream<ReceivedEchoRequest, EchoReply>) => void serverStream(call),
  Bidi: bidi,
});
server.bindAsync('0.0.0.0:50051', ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  createServer((_request, response) => response.writeHead(draining ? 503 : 200).end()).listen(8081);
});

process.on('SIGTERM', () => {
  draining = true;
  setTimeout(() => {
    server.tryShutdown(() => {
      console.log(JSON.stringify({ calls, firstCallMs, lastCallMs, lingerMs }));
      process.exit(0);
    });
  }, lingerMs);
});
