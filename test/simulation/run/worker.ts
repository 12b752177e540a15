import { parentPort } from 'node:worker_threads';
import type { Job } from '../scenarios/scenario.js';
import { runJob, toPlain } from './outcome.js';

parentPort?.on('message', (job: Job) => parentPort?.postMessage(toPlain(runJob(job))));
