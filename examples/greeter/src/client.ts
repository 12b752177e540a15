// The greeter's client: an HTTP door to gRPC calls, one kept connection per service.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { Dialer, parseHosts } from './dial.js';
import { port, text } from './environment.js';

const TIMEOUT_MS = 1000;
const host = text('BIND_ADDRESS') ?? '0.0.0.0';
const dialer = new Dialer(parseHosts(text('GREETER_HOSTS') ?? ''));

/** Calls `SayHello` of a service once. */
function greet(service: string, version: string): Promise<string> {
  const metadata = new Metadata();
  if (version !== '') metadata.set('version', version);
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + TIMEOUT_MS };
    dialer.client(service).sayHello({ name: service }, metadata, options, (error, reply) => {
      if (error) reject(error);
      else resolve(reply?.message ?? '');
    });
  });
}

/** The status and text for `GET /grpc_client?name=<service>&version=<v>`. */
async function answer(target: string): Promise<readonly [number, string]> {
  if (!URL.canParse(target, 'http://client')) return [400, 'not a path'];
  const url = new URL(target, 'http://client');
  if (url.pathname === '/healthz') return [200, 'ok'];
  if (url.pathname !== '/grpc_client')
    return [404, 'not found; try /grpc_client?name=native-tools-2&version=v1'];
  const service = url.searchParams.get('name') ?? '';
  const version = url.searchParams.get('version') ?? '';
  if (!/^[\w.-]+$/.test(service))
    return [400, 'name: the service to call is missing, as in ?name=native-tools-2'];
  if (!/^[\w.-]*$/.test(version)) return [400, 'version: only letters, digits, dots and dashes'];
  try {
    return [200, `Greeting: ${await greet(service, version)}`];
  } catch (error) {
    const { code, details } = error as ServiceError;
    return [502, `${status[code] ?? 'UNKNOWN'}: ${details}`];
  }
}

const server = createServer((request, response) => {
  void answer(request.url ?? '/').then(([code, body]) => {
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${body}\n`);
  });
});
server.on('error', (error) => {
  console.error(`cannot listen: ${error.message}`);
  process.exit(1);
});
server.listen(port('PORT', 8081), host, () => {
  const { port: boundPort } = server.address() as AddressInfo;
  console.log(`greeter client listening on ${host}:${boundPort}`);
});

let stopping = false;
/** Answers the requests in flight, then ends. */
function stop(): void {
  if (stopping) process.exit(1);
  stopping = true;
  server.close(() => {
    dialer.close();
    process.exit(0);
  });
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
