import { evennessPercent, sharePercent, total } from './spread.js';
import type { Tally } from './spread.js';
import type { Story } from './story.js';

export interface PictureOptions {
  readonly colours: boolean;
}

/** Cells of a bar that holds all calls; with a pod's name and its count a line stays within 80 columns. */
const BAR_CELLS = 36;

type Paint = (text: string) => string;

interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly bad: Paint;
  readonly good: Paint;
}

function palette(colours: boolean): Palette {
  const paint = (on: number, off: number): Paint =>
    colours ? (text) => `\x1b[${on}m${text}\x1b[${off}m` : (text) => text;
  return { bold: paint(1, 22), dim: paint(2, 22), bad: paint(31, 39), good: paint(32, 39) };
}

/** A bar for `count` of `all`; something is visible as soon as there is one call. */
export function bar(count: number, all: number): string {
  if (count === 0) return '';
  return '█'.repeat(Math.max(1, Math.round((BAR_CELLS * count) / all)));
}

function bars(pods: readonly string[], counts: Tally, paint: Paint): string[] {
  const all = total(counts);
  return pods.map((pod) => {
    const count = counts.get(pod) ?? 0;
    return `  ${pod}  ${paint(bar(count, all).padEnd(BAR_CELLS))} ${String(count).padStart(4)}`;
  });
}

function milliseconds(ms: number): string {
  return (Number.isFinite(ms) ? `${Math.round(ms)} ms` : 'never').padStart(6);
}

/** The story as a picture for a terminal of 80 columns; ends with a line feed. */
export function drawStory(story: Story, { colours }: PictureOptions): string {
  const { calls, pods, before, after, rollout } = story;
  const { bold, dim, bad, good } = palette(colours);
  const evenness = `${evennessPercent(after, pods.length).toFixed(0)} % even`;
  const busiest = Math.max(0, ...after.values());
  const shares = [...rollout.after.keys()].sort().map((pod) => {
    return `${pod.slice(pod.lastIndexOf('-') + 1)} ${sharePercent(rollout.after, pod).toFixed(0)} %`;
  });
  const seconds = (rollout.durationMs / 1000).toFixed(1);
  const [firstAnswer, lastCall] = [rollout.firstAnswerMs, rollout.lastCallMs].map(milliseconds);
  const outcome = `${rollout.calls} calls, ${rollout.failed} failed`;
  return [
    '',
    `${bold('BEFORE')}  a Service balances connections, and a gRPC client has one`,
    ...bars(pods, before, bad),
    dim(`  ${calls} calls, ${before.size} of ${pods.length} pods`),
    '',
    `${bold('AFTER')}   weir balances each call: same client, same Service`,
    ...bars(pods, after, good),
    dim(`  ${calls} calls, ${after.size} of ${pods.length} pods, ${evenness} (${busiest} at most)`),
    '',
    `${bold('LIFE')}    a rolling update under load replaces ${pods.length} pods in ${seconds} s`,
    `  ${(rollout.failed === 0 ? good : bad)(outcome)}`,
    `  a new pod answers its first call    ${firstAnswer} after it is ready, at most`,
    `  a leaving pod gets its last call    ${lastCall} after it is terminating, at most`,
    `  the new pods' shares when it is done  ${shares.join(', ')}`,
    '',
    '',
  ].join('\n');
}

/** The story as the object that `-o json` prints. */
export function storyJson({ before, after, rollout }: Story): unknown {
  return {
    before: Object.fromEntries(before),
    after: Object.fromEntries(after),
    rollout: { calls: rollout.calls, failed: rollout.failed },
  };
}
