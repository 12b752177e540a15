// An application that calls a service the moment it starts, and again while it ends.
// TARGET. With JOB=1 it has done its work then; else it waits for a SIGTERM.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { callUnary, createEchoClient } from '../../support/echo-client.js';

const client = createEchoClient(process.env['TARGET'] ?? 'load-server:50051');
const LAST_CALLS = 5;
const BETWEEN_MS = 100;

async function call(): Promise<string> {
  try {
    const { reply } = await callUnary(client, {}, { timeoutMs: 5_000 });
    return `answered by ${reply.server}`;
  } catch (error) {
    return `failed: ${String(error)}`;
  }
}

const first = await call();
console.log(`first call ${first}`);
if (process.env['JOB'] === '1') process.exit(first.startsWith('answered') ? 0 : 1);
createServer((_request, response) => response.end()).listen(8081);

process.on('SIGTERM', () => {
  void (async () => {
    for (let last = 0; last < LAST_CALLS; last++) {
      await sleep(BETWEEN_MS);
      console.log(`last call ${await call()}`);
    }
    process.exit(0);
  })();
});
