// A service with a known amount of processor, in virtual time: requests share it as threads share cores. A real hash
// for each would measure this machine's scheduler, not the balancer; only a token of the work is real.
//
// Run with: node backend.mjs CORES. Prints its port. Told by IPC: {speed} (share of CORES it has now), {failFast}.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http2';

const cores = Number(process.argv[2]);
let speed = 1;
let failFast = false;
let served = 0;

/** Requests under way: what is left of each, in milliseconds of one core. */
const jobs = new Set();
let asOfMs = performance.now();
let timer;

/** Milliseconds of work that one request gets done in a millisecond. */
const rate = () => Math.min(1, (cores * speed) / Math.max(1, jobs.size));

function advance() {
  const nowMs = performance.now();
  const done = (nowMs - asOfMs) * rate();
  asOfMs = nowMs;
  for (const job of jobs) job.leftMs -= done;
}

function settle() {
  clearTimeout(timer);
  // What is due within half a timer's step is done.
  for (const job of jobs) {
    if (job.leftMs > 0.5) continue;
    jobs.delete(job);
    job.finish();
  }
  if (jobs.size === 0) return;
  let leastMs = Infinity;
  for (const { leftMs } of jobs) leastMs = Math.min(leastMs, leftMs);
  timer = setTimeout(() => {
    advance();
    settle();
  }, leastMs / rate());
}

function change(apply) {
  advance();
  apply();
  settle();
}

const TOKEN = Buffer.alloc(1024, 7);

const server = createServer();
server.on('stream', (stream, headers) => {
  served++;
  stream.on('error', () => {});
  stream.resume();
  if (failFast) {
    setTimeout(() => {
      if (stream.destroyed) return;
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '13' },
        { endStream: true },
      );
    }, 1);
    return;
  }
  createHash('sha256').update(TOKEN).digest();
  const job = {
    leftMs: Number(headers['x-work-ms']),
    finish() {
      if (stream.destroyed) return;
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.alloc(5));
    },
  };
  stream.on('close', () => {
    if (jobs.has(job)) change(() => jobs.delete(job));
  });
  change(() => jobs.add(job));
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));

process.on('message', (message) => {
  if (message.ask === 'served') {
    process.send({ served });
    served = 0;
    return;
  }
  change(() => {
    speed = message.speed ?? speed;
    failFast = message.failFast ?? failFast;
  });
});
process.on('disconnect', () => process.exit(0));
