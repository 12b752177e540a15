// The interop server on grpc-js: node grpc-js-main.js
// Says {"event": "listening", "address": …, "library": …} once it listens, and serves until it is killed.
import { Server, ServerCredentials, ServerMetricRecorder } from '@grpc/grpc-js';
import { createRequire } from 'node:module';
import { testService } from '../service.js';
import { noteCompression } from './compressed-messages.js';
import { testHandlers } from './handlers.js';

const grpcJs = createRequire(import.meta.url)('@grpc/grpc-js/package.json') as { readonly version: string };
const server = new Server({ interceptors: [noteCompression] });
const recorder = new ServerMetricRecorder();
recorder.addToServer(server);
server.addService(testService, testHandlers(recorder));
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  const library = `grpc-js ${grpcJs.version}, Node ${process.versions.node}`;
  console.log(JSON.stringify({ event: 'listening', address: `127.0.0.1:${port}`, library }));
});
