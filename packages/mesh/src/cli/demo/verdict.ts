import type { Story } from './story.js';

/** A new pod is to get calls within this time of being ready. */
const FIRST_ANSWER_LIMIT_MS = 1_000;
/** A pod that was marked terminating may get calls for this long, while the news of it travels. */
const LAST_CALL_LIMIT_MS = 500;
/** Below this many calls chance alone may leave a pod out. */
const ENOUGH_CALLS = 30;

/** What in the story did not go as told, as sentences; none when all went well. */
export function findFaults({ calls, pods, before, after, rollout }: Story): string[] {
  const faults: string[] = [];
  if (before.size !== 1) {
    faults.push(`without weir ${before.size} pods answered; one connection should reach exactly one`);
  }
  if (calls >= ENOUGH_CALLS && after.size !== pods.length) {
    faults.push(`with weir ${after.size} of ${pods.length} pods answered`);
  }
  if (rollout.failed > 0) {
    faults.push(
      `${rollout.failed} of ${rollout.calls} calls failed during the rolling update: ${rollout.firstError}`,
    );
  }
  if (rollout.firstAnswerMs > FIRST_ANSWER_LIMIT_MS) {
    const when = Number.isFinite(rollout.firstAnswerMs) ? `${Math.round(rollout.firstAnswerMs)} ms` : 'never';
    faults.push(`a new pod answered its first call too late: ${when} after it was ready`);
  }
  if (rollout.lastCallMs > LAST_CALL_LIMIT_MS) {
    faults.push(`a pod got a call ${Math.round(rollout.lastCallMs)} ms after it was marked terminating`);
  }
  return faults;
}
