import { Worker } from 'node:worker_threads';
import type { Job } from '../scenarios/scenario.js';
import { fromPlain, type Outcome, type PlainOutcome } from './outcome.js';

/**
 * Runs jobs in so many threads and gives their outcomes in the order of the jobs.
 *
 * @param onDone told after each job how many are done
 */
export async function runAll(
  jobs: readonly Job[],
  threads: number,
  onDone: (done: number) => void,
): Promise<Outcome[]> {
  const outcomes = new Array<Outcome>(jobs.length);
  let next = 0;
  let done = 0;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('worker.js', import.meta.url));
      let current = 0;
      const give = (): void => {
        if (next === jobs.length) {
          void worker.terminate().then(() => resolve(), reject);
          return;
        }
        current = next++;
        worker.postMessage(jobs[current]);
      };
      worker.on('error', reject);
      worker.on('message', (outcome: PlainOutcome) => {
        outcomes[current] = fromPlain(outcome);
        done += 1;
        onDone(done);
        give();
      });
      give();
    });
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, work));
  return outcomes;
}
