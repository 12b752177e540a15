import { once } from 'node:events';
import { connect } from 'node:http2';
import { chance, clippedNormal, exponential } from './chance.mjs';
import { CAPACITY, DEADLINE_MS, MOVE_MS, WORK_MS } from './world.mjs';

/**
 * Sends requests as they are due, however long the ones before take: at random, `level` times as many as the endpoints
 * are entitled to bear. A latency counts from the instant a request was due, so that a generator that is late, or held
 * up, hides nothing.
 *
 * @returns latencies in milliseconds, those within `warmUpMs` left out; failures by their gRPC status
 */
export async function runLoad({ callers, backends, speeds, level, seed, lengthMs, warmUpMs }) {
  const sessions = callers.map(({ address }) => connect(`http://${address}`));
  for (const session of sessions) session.on('error', () => {});
  await Promise.all(sessions.map((session) => once(session, 'connect')));
  const next = chance(seed);
  const latencies = [];
  const failures = {};
  const underWay = new Set();
  const stopMoving = move(backends, speeds);
  const startMs = performance.now();
  let dueMs = 0;
  let sent = 0;
  while (dueMs < lengthMs) {
    const aheadMs = startMs + dueMs - performance.now();
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
    // Those that have become due meanwhile go out together.
    while (dueMs < lengthMs && startMs + dueMs <= performance.now()) {
      const isCounted = dueMs >= warmUpMs;
      const wasDueMs = startMs + dueMs;
      const request = call(sessions[sent++ % sessions.length], clippedNormal(next, WORK_MS));
      const ended = request.then((status) => {
        underWay.delete(ended);
        if (!isCounted) return;
        if (status !== '0') failures[status] = (failures[status] ?? 0) + 1;
        // A failure in a millisecond is not a fast answer.
        latencies.push(status === '0' || status === 'deadline' ? performance.now() - wasDueMs : DEADLINE_MS);
      });
      underWay.add(ended);
      dueMs += exponential(next, 1000 / (level * CAPACITY));
    }
  }
  await Promise.all(underWay);
  stopMoving();
  for (const session of sessions) session.close();
  return { latencies: latencies.map((ms) => Math.min(ms, DEADLINE_MS)), failures };
}

/** Has the neighbours move on, at fixed times. */
function move(backends, speeds) {
  let at = 0;
  const apply = () => {
    const now = speeds[Math.min(at++, speeds.length - 1)];
    backends.forEach(({ child }, index) => child.send({ speed: now[index] }));
  };
  apply();
  const timer = setInterval(apply, MOVE_MS);
  return () => clearInterval(timer);
}

function call(session, workMs) {
  return new Promise((resolve) => {
    let status = 'none';
    const stream = session.request({
      ':method': 'POST',
      ':path': '/bench.Work/Do',
      'content-type': 'application/grpc',
      te: 'trailers',
      'x-work-ms': workMs.toFixed(3),
    });
    const timer = setTimeout(() => {
      status = 'deadline';
      stream.close(8);
    }, DEADLINE_MS);
    const read = (headers) => (status = headers['grpc-status'] ?? status);
    stream.on('response', read);
    stream.on('trailers', read);
    stream.on('error', () => {});
    stream.on('close', () => {
      clearTimeout(timer);
      resolve(status);
    });
    stream.resume();
    stream.end(Buffer.alloc(5));
  });
}
