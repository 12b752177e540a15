import { FIRST_PODS, NEXT_PODS } from './pods.js';
import type { Rollout } from './rolling-update.js';
import type { Story } from './story.js';

type Counts = readonly [number, number, number];

function counted(pods: readonly string[], counts: Counts): Map<string, number> {
  return new Map(
    pods.map((pod, index) => [pod, counts[index] ?? 0] as const).filter(([, count]) => count > 0),
  );
}

/** A story that went well, for tests; what is given replaces its part. */
export function fakeStory(over: {
  before?: Counts;
  after?: Counts;
  calls?: number;
  rollout?: Partial<Rollout>;
}): Story {
  const { before = [0, 30, 0], after = [8, 10, 12], calls = 30, rollout } = over;
  return {
    calls,
    pods: FIRST_PODS,
    before: counted(FIRST_PODS, before),
    after: counted(FIRST_PODS, after),
    rollout: {
      durationMs: 3140,
      calls: 612,
      failed: 0,
      firstError: undefined,
      firstAnswerMs: 41.4,
      lastCallMs: 3.2,
      after: counted(NEXT_PODS, [40, 40, 40]),
      ...rollout,
    },
  };
}
