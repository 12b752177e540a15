import { serveWorker } from '../proxy/workers/serve-worker.js';
import type { ToWorker } from '../proxy/workers/messages.js';
import { backgroundClock, systemClock } from '../system/clock.js';
import { followCpu } from '../system/cpu-utilization.js';
import { createLogger } from '../system/logger.js';
import { systemRandom } from '../system/random.js';

/**
 * The program of a worker process of `weir proxy --concurrency N`. The first process decides when it ends,
 * so the signals that reach the whole process group are left to that one.
 */
const serve = serveWorker({
  clock: systemClock,
  backgroundClock,
  random: systemRandom(),
  logger: createLogger(),
  followCpu: (source) => followCpu(source, backgroundClock),
  send: (message) => process.send?.(message, undefined, undefined, () => {}),
  onDone: () => process.exit(0),
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.on('message', (message, socket) => serve(message as ToWorker, socket));
process.on('disconnect', () => process.exit(1));
