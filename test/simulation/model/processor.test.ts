import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Random, seededRandom } from '@weir/core';
import type { Processor } from './processor.js';
import { SharedProcessor } from './shared-processor.js';
import { SingleThread } from './single-thread.js';
import { truncatedNormal, type Work } from './work.js';

/** Mean time of a request at a processor that is so busy, calls coming at random. */
function meanResponseMs(processor: Processor, work: Work, load: number, requests: number): number {
  const random = seededRandom(11);
  const begunMs = new Map<number, number>();
  const gapMs = (): number => (-Math.log(1 - random.next()) * work.mean) / load;
  let arrivalMs = gapMs();
  let totalMs = 0;
  let request = 0;
  let done = 0;
  while (done < requests) {
    if (arrivalMs < processor.nextMs) {
      begunMs.set(request, arrivalMs);
      processor.add(arrivalMs, request++, work.draw(random));
      arrivalMs += gapMs();
      continue;
    }
    const nowMs = processor.nextMs;
    const ended = processor.finish(nowMs);
    totalMs += nowMs - begunMs.get(ended)!;
    begunMs.delete(ended);
    done += 1;
  }
  return totalMs / done;
}

function secondMoment(work: Work, random: Random): number {
  let sum = 0;
  for (let draw = 0; draw < 200_000; draw++) sum += work.draw(random) ** 2;
  return sum / 200_000;
}

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual / expected - 1) < tolerance, `${actual} is not about ${expected}`);
}

/** What becomes of requests when time passes in steps too small to matter. */
function doneAtStepwise(
  cores: number,
  requests: readonly (readonly [atMs: number, work: number])[],
): number[] {
  const stepMs = 0.001;
  const left = requests.map(([, work]) => work);
  const doneAtMs = requests.map(() => NaN);
  for (let step = 0; doneAtMs.some(Number.isNaN); step++) {
    const nowMs = step * stepMs;
    const present = requests.flatMap(([atMs], index) => (atMs <= nowMs && left[index]! > 0 ? [index] : []));
    const rate = Math.min(1, cores / present.length);
    for (const index of present) {
      left[index]! -= rate * stepMs;
      if (left[index]! <= 0) doneAtMs[index] = nowMs + stepMs;
    }
  }
  return doneAtMs;
}

describe('SharedProcessor', () => {
  it('ends each request when small steps of processor sharing would end it', () => {
    const requests = [
      [0, 5],
      [1, 1],
      [1.5, 4],
      [2, 0.5],
      [2.25, 3],
      [9, 1],
    ] as const;
    const processor = new SharedProcessor(2);
    const doneAtMs = requests.map(() => NaN);
    const endUpTo = (untilMs: number): void => {
      while (processor.nextMs <= untilMs) {
        const nowMs = processor.nextMs;
        doneAtMs[processor.finish(nowMs)] = nowMs;
      }
    };
    for (const [index, [atMs, work]] of requests.entries()) {
      endUpTo(atMs);
      processor.add(atMs, index, work);
    }
    endUpTo(1e9);
    for (const [index, expected] of doneAtStepwise(2, requests).entries()) {
      assert.ok(
        Math.abs(doneAtMs[index]! - expected) < 0.01,
        `request ${index}: ${doneAtMs[index]}, not ${expected}`,
      );
    }
  });

  it('takes, on one core, as long as theory says: E[S] / (1 - load), whatever the distribution', () => {
    const work = truncatedNormal(75);
    assertNear(meanResponseMs(new SharedProcessor(1), work, 0.7, 200_000), work.mean / 0.3, 0.03);
  });

  it('gives the share of a request that is given up to the others', () => {
    const processor = new SharedProcessor(1);
    processor.add(0, 1, 10);
    processor.add(0, 2, 10);
    processor.cancel(4, 1);
    assert.equal(processor.inFlight, 1);
    assert.equal(processor.nextMs, 12);
    assert.equal(processor.finish(12), 2);
    assert.equal(processor.nextMs, Infinity);
    assert.equal(processor.busyUntil(20), 12);
  });

  it('goes on at another speed when its capacity changes', () => {
    const processor = new SharedProcessor(4);
    for (const request of [1, 2, 3, 4]) processor.add(0, request, 10);
    processor.setCapacity(5, 2);
    assert.equal(processor.nextMs, 15);
  });

  it('is held up by other work only when all cores are taken', () => {
    const processor = new SharedProcessor(2);
    processor.add(0, 1, 10);
    processor.charge(0, 4);
    assert.equal(processor.nextMs, 10);
    processor.add(0, 2, 10);
    processor.charge(0, 4);
    assert.equal(processor.nextMs, 12);
  });
});

describe('SingleThread', () => {
  it('takes as long as theory says: E[S] + load E[S²] / (2 E[S] (1 - load))', () => {
    const work = truncatedNormal(10);
    const expected = work.mean + (0.7 * secondMoment(work, seededRandom(3))) / (2 * work.mean * 0.3);
    assertNear(meanResponseMs(new SingleThread(1), work, 0.7, 200_000), expected, 0.03);
  });

  it('takes off a request that is given up, wherever it stands', () => {
    const thread = new SingleThread(0.5);
    for (const request of [1, 2, 3]) thread.add(0, request, 10);
    thread.cancel(5, 2);
    assert.equal(thread.nextMs, 20);
    thread.cancel(10, 1);
    assert.equal(thread.nextMs, 30);
    thread.cancel(10, 7);
    assert.equal(thread.finish(30), 3);
    assert.equal(thread.inFlight, 0);
  });
});

describe('truncatedNormal', () => {
  it('has the mean and the median that it says', () => {
    const work = truncatedNormal(75);
    const random = seededRandom(9);
    const drawn = Array.from({ length: 200_000 }, () => work.draw(random)).sort((a, b) => a - b);
    assertNear(drawn.reduce((sum, one) => sum + one, 0) / drawn.length, work.mean, 0.005);
    assertNear(drawn[100_000]!, 75, 0.01);
    assert.ok(drawn[0]! > 0);
  });
});
