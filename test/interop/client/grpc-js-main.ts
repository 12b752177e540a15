// The interop client on grpc-js: node grpc-js-main.js HOST:PORT CASE…
// One line of JSON for each case: {"case": …, "ok": …, "ms": …, "error": …}
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@grpc/grpc-js';
import type { CaseName } from '../matrix.js';
import { connect, type Case, type CaseContext } from './calls.js';
import * as compression from './compression-cases.js';
import * as ending from './ending-cases.js';
import * as load from './load-cases.js';
import * as payload from './payload-cases.js';
import * as statuses from './status-cases.js';

const CASE_TIMEOUT_MS = 15_000;

const cases: Readonly<Record<Exclude<CaseName, 'cacheable_unary'>, Case>> = {
  empty_unary: payload.emptyUnary,
  large_unary: payload.largeUnary,
  client_compressed_unary: compression.clientCompressedUnary,
  server_compressed_unary: compression.serverCompressedUnary,
  client_streaming: payload.clientStreaming,
  client_compressed_streaming: compression.clientCompressedStreaming,
  server_streaming: payload.serverStreaming,
  server_compressed_streaming: compression.serverCompressedStreaming,
  ping_pong: payload.pingPong,
  empty_stream: payload.emptyStream,
  custom_metadata: statuses.customMetadata,
  status_code_and_message: statuses.statusCodeAndMessage,
  special_status_message: statuses.specialStatusMessage,
  unimplemented_method: statuses.unimplementedMethod,
  unimplemented_service: statuses.unimplementedServiceCase,
  cancel_after_begin: ending.cancelAfterBegin,
  cancel_after_first_response: ending.cancelAfterFirstResponse,
  timeout_on_sleeping_server: ending.timeoutOnSleepingServer,
  concurrent_large_unary: load.concurrentLargeUnary,
  orca_per_rpc: load.orcaPerRpc,
  orca_oob: load.orcaOob,
  rpc_soak: load.rpcSoak,
  channel_soak: load.channelSoak,
};

async function run(target: string, work: Case): Promise<void> {
  const clients: Client[] = [];
  const context = (client: Client): CaseContext => ({
    target,
    client,
    connect: (options, elsewhere = target) => {
      const other = connect(elsewhere, options);
      clients.push(other);
      return other;
    },
  });
  const timer = new AbortController();
  try {
    const client = connect(target);
    clients.push(client);
    const late = sleep(CASE_TIMEOUT_MS, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`not within ${CASE_TIMEOUT_MS} ms`);
    });
    await Promise.race([work(context(client)), late]);
  } finally {
    timer.abort();
    for (const client of clients) client.close();
  }
}

const [target = '', ...names] = process.argv.slice(2);
for (const name of names) {
  const begun = performance.now();
  let error: string | undefined;
  try {
    await run(target, cases[name as keyof typeof cases]);
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const ms = Math.round(performance.now() - begun);
  console.log(JSON.stringify({ case: name, ok: error === undefined, ms, error }));
}
process.exit(0);
