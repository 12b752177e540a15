// An application that calls a service so many times when it is asked to, and says who answered: TARGET, CALLS;
// GET /fan?target=other:50051.
import { createServer } from 'node:http';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { countByServer, type EchoClient } from '../../support/echo-client.js';
import { echoService } from '../../support/echo-service.js';

const EchoStub = makeGenericClientConstructor(echoService, 'Echo');

/** As applications make them, so that what the environment says of proxies counts. */
async function count(target: string): Promise<Record<string, number>> {
  const client = new EchoStub(target, credentials.createInsecure()) as unknown as EchoClient;
  try {
    return await countByServer(client, Number(process.env['CALLS'] ?? '30'));
  } finally {
    client.close();
  }
}

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://fan');
  if (url.pathname !== '/fan') return void response.end();
  void count(url.searchParams.get('target') || (process.env['TARGET'] ?? '')).then(
    (answers) => response.end(JSON.stringify(answers)),
    (error: unknown) => response.end(JSON.stringify({ [String(error)]: 0 })),
  );
}).listen(8081);
process.on('SIGTERM', () => process.exit(0));
