import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@weir/core';
import type { Cast, RunningServer } from './cast.js';
import type { ServiceDirectory } from './service-directory.js';
import { tally } from './spread.js';
import type { Tally } from './spread.js';
import type { CallRecord, SteadyLoad } from './steady-load.js';

/** What a rolling update did to the calls. */
export interface Rollout {
  /** Every pod that was replaced was replaced within this time. */
  readonly durationMs: number;
  readonly calls: number;
  readonly failed: number;
  /** What the first call that failed said. */
  readonly firstError: string | undefined;
  /**
   * The slowest new pod, from the moment its slice says ready to its first answer; infinite if one never
   * answered.
   */
  readonly firstAnswerMs: number;
  /**
   * The latest call that a leaving pod got, counted from the moment its slice says terminating; 0 if none
   * came after.
   */
  readonly lastCallMs: number;
  /** Who answered once the update was complete. */
  readonly after: Tally;
}

export interface RollingUpdate {
  readonly cast: Cast;
  readonly directory: ServiceDirectory;
  readonly load: SteadyLoad;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How long a pod that has become ready works beside the one that it replaces. */
const OVERLAP_MS = 400;
/** How long to wait for the first answer of a new pod. */
const FIRST_ANSWER_TIMEOUT_MS = 3_000;
/** The load goes on this long after the last change. */
const AFTERMATH_MS = 800;
/** Before the first change, and after the last: enough calls to see. */
const PRELUDE_MS = 200;

/**
 * How long each leaving pod lives on after it was marked terminating. Kubernetes marks a pod and sends it
 * SIGTERM at the same moment, so the server's GOAWAY races with the news of the mark; with a preStop pause
 * the server would go on serving whoever still calls, and only the news keeps callers away. The first pod
 * leaves in the second way.
 */
const PRE_STOP_MS: readonly number[] = [700, 0];

/**
 * Replaces the pods one after the other under load, as a Deployment does with maxSurge 1 and maxUnavailable
 * 0: the new pod's process is started, its slice says ready; then the old pod's slice says terminating, its
 * process ends, its slice goes.
 *
 * @returns what happened to the calls, and the pods that run now.
 */
export async function rollOut(
  { cast, directory, load, clock, signal }: RollingUpdate,
  oldServers: readonly RunningServer[],
  newNames: readonly string[],
): Promise<{ rollout: Rollout; servers: readonly RunningServer[] }> {
  const servers: RunningServer[] = [];
  const leftAt = new Map<string, number>();
  let firstAnswerMs = 0;
  load.start();
  await sleep(PRELUDE_MS, undefined, { signal });
  const beginMs = clock.nowMs();
  for (const [index, old] of oldServers.entries()) {
    const server = await cast.startServer(newNames[index] ?? `${old.pod.name}-next`);
    servers.push(server);
    const firstAnswer = load.firstAnswerOf(server.pod.name, FIRST_ANSWER_TIMEOUT_MS);
    await directory.put(server.pod, 'ready');
    const readyMs = clock.nowMs();
    const overlap = sleep(OVERLAP_MS, undefined, { signal });
    const [answer] = await Promise.all([firstAnswer, overlap]);
    firstAnswerMs = Math.max(firstAnswerMs, (answer?.endMs ?? Infinity) - readyMs);

    await directory.put(old.pod, 'terminating');
    leftAt.set(old.pod.name, clock.nowMs());
    const preStopMs = PRE_STOP_MS[index] ?? 0;
    if (preStopMs > 0) await sleep(preStopMs, undefined, { signal });
    await cast.stop(old.child);
    await directory.remove(old.pod);
  }
  const endMs = clock.nowMs();
  await sleep(AFTERMATH_MS, undefined, { signal });
  await load.stop();
  const rollout = summarize(load.records, leftAt, { durationMs: endMs - beginMs, endMs, firstAnswerMs });
  return { rollout, servers };
}

/**
 * Reads from the calls what the update did to them.
 *
 * @param leftAt when each leaving pod was marked terminating.
 */
export function summarize(
  records: readonly CallRecord[],
  leftAt: ReadonlyMap<string, number>,
  { durationMs, endMs, firstAnswerMs }: { durationMs: number; endMs: number; firstAnswerMs: number },
): Rollout {
  const errors = records.flatMap(({ answer }) => answer.error ?? []);
  const lateMs = records.map(({ answer, startMs }) => startMs - (leftAt.get(answer.pod ?? '') ?? Infinity));
  return {
    durationMs,
    calls: records.length,
    failed: errors.length,
    firstError: errors[0],
    firstAnswerMs,
    lastCallMs: Math.max(0, ...lateMs),
    after: tally(records.filter(({ startMs }) => startMs >= endMs).flatMap(({ answer }) => answer.pod ?? [])),
  };
}
