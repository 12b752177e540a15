// Calls a service at a steady rate, whatever becomes of the calls before: unary ones, and streams of half a second.
// TARGET. GET /start?rate=200 begins; GET /report tells the calls so far; GET /stop waits for those in flight, and tells.
import { createServer } from 'node:http';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { createEchoClient } from '../../support/echo-client.js';
import type { LoadFailure, LoadReport } from './load-report.js';

const TICK_MS = 10;
/** Of ten calls. */
const SERVER_STREAMS = 1;
const BIDI_STREAMS = 1;
const MESSAGES = 10;
const PAUSE_MS = 50;
const DEADLINE_MS = 15_000;

// Retries of the client itself would hide what the sidecar is to do.
const client = createEchoClient(process.env['TARGET'] ?? 'load-server:50051');
const payload = Buffer.from('weir');

let rate = 0;
let owed = 0;
let sequence = 0;
let inFlight = 0;
let succeeded = 0;
let slowestMs = 0;
let failures: LoadFailure[] = [];
let servers = new Map<string, number>();

class Call {
  readonly #kind: LoadFailure['kind'];
  readonly #startMs = Date.now();
  #server = '';
  #messages = 0;

  constructor(kind: LoadFailure['kind']) {
    this.#kind = kind;
    inFlight++;
  }

  get options(): { deadline: number } {
    return { deadline: this.#startMs + DEADLINE_MS };
  }

  onReply(server: string): void {
    this.#server = server;
    this.#messages++;
  }

  onEnd(error: Pick<ServiceError, 'code' | 'details'> | null): void {
    inFlight--;
    const tookMs = Date.now() - this.#startMs;
    const expected = this.#kind === 'unary' ? 1 : MESSAGES;
    const failure =
      error ?? (this.#messages === expected ? null : { code: -1, details: `${this.#messages} replies` });
    if (failure === null) {
      succeeded++;
      slowestMs = Math.max(slowestMs, tookMs);
      servers.set(this.#server, (servers.get(this.#server) ?? 0) + 1);
      return;
    }
    const { code, details } = failure;
    failures.push({
      kind: this.#kind,
      code,
      details,
      server: this.#server,
      atMs: this.#startMs + tookMs,
      tookMs,
    });
  }
}

function callOnce(): void {
  const turn = sequence++ % 10;
  if (turn < SERVER_STREAMS) return streamFromServer();
  if (turn < SERVER_STREAMS + BIDI_STREAMS) return streamBothWays();
  const call = new Call('unary');
  client.Unary({ payload }, new Metadata(), call.options, (error, reply) => {
    if (reply !== undefined) call.onReply(reply.server);
    call.onEnd(error);
  });
}

function streamFromServer(): void {
  const call = new Call('server-stream');
  const request = { payload, replyCount: MESSAGES, delayMs: PAUSE_MS };
  const stream = client.ServerStream(request, new Metadata(), call.options);
  stream.on('data', ({ server }) => call.onReply(server));
  stream.on('error', () => {});
  stream.on('status', ({ code, details }) => call.onEnd(code === 0 ? null : { code, details }));
}

function streamBothWays(): void {
  const call = new Call('bidi');
  const stream = client.Bidi(new Metadata(), call.options);
  let sent = 1;
  stream.write({ payload });
  const timer = setInterval(() => {
    if (sent++ < MESSAGES) stream.write({ payload });
    else {
      clearInterval(timer);
      stream.end();
    }
  }, PAUSE_MS);
  stream.on('data', ({ server }) => call.onReply(server));
  stream.on('error', () => {});
  stream.on('status', ({ code, details }) => {
    clearInterval(timer);
    call.onEnd(code === 0 ? null : { code, details });
  });
}

let lastTickMs = performance.now();
let longestPauseMs = 0;
setInterval(() => {
  const nowMs = performance.now();
  longestPauseMs = Math.max(longestPauseMs, Math.round(nowMs - lastTickMs - TICK_MS));
  // After a pause of this process the missing calls are made up for, within reason.
  owed += (rate * Math.min(nowMs - lastTickMs, 200)) / 1000;
  lastTickMs = nowMs;
  for (; owed >= 1; owed--) callOnce();
}, TICK_MS);

function takeReport(): LoadReport {
  const report = { succeeded, failures, slowestMs, longestPauseMs, servers: Object.fromEntries(servers) };
  succeeded = slowestMs = longestPauseMs = 0;
  failures = [];
  servers = new Map();
  return report;
}

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://client');
  const answer = (): void => void response.end(JSON.stringify(takeReport()));
  if (url.pathname === '/healthz') return void response.end();
  if (url.pathname === '/start') rate = Number(url.searchParams.get('rate'));
  if (url.pathname === '/stop') rate = 0;
  if (url.pathname !== '/stop') return answer();
  const timer = setInterval(() => {
    if (inFlight > 0) return;
    clearInterval(timer);
    answer();
  }, TICK_MS);
}).listen(8081);
process.on('SIGTERM', () => process.exit(0));
