import assert from 'node:assert/strict';
import { until } from '../support/until.js';
import type { Answer } from './caller-protocol.js';
import type { Caller, CallOptions } from './caller.js';
import type { Stage } from './stage.js';

/** All calls succeeded. */
export function assertAllOk(answer: Answer): void {
  const failed = Object.keys(answer.codes).filter((code) => code !== '0');
  assert.deepEqual(failed, [], answer.messages.join('; '));
}

/** All calls went to servers with one of the labels, and succeeded. */
export function assertServedBy(answer: Answer, ...versions: readonly string[]): void {
  assertAllOk(answer);
  const others = Object.keys(answer.servers).filter(
    (name) => !versions.some((version) => name.startsWith(`${version}-`)),
  );
  assert.deepEqual(others, [], `served by ${JSON.stringify(answer.servers)}`);
}

/** Calls until they turn out as they should, since a change takes a moment to arrive. */
export async function untilCalls(
  what: string,
  caller: Caller,
  target: string,
  count: number,
  isRight: (answer: Answer) => boolean,
  options: CallOptions & { readonly concurrency?: number } = {},
  timeoutMs = 15_000,
): Promise<Answer> {
  let last: Answer | undefined;
  try {
    await until(
      what,
      async () => {
        last = await caller.calls(target, count, options);
        return isRight(last);
      },
      timeoutMs,
    );
  } catch (cause) {
    const { servers, codes, messages } = last ?? {};
    throw new Error(`${what}: last ${JSON.stringify({ servers, codes, messages })}`, { cause });
  }
  return last ?? assert.fail();
}

export function share(answer: Answer, version: string): number {
  const entries = Object.entries(answer.servers);
  const sum = (list: typeof entries): number => list.reduce((total, [, calls]) => total + calls, 0);
  return sum(entries.filter(([name]) => name.startsWith(`${version}-`))) / sum(entries);
}

interface StatusDocument {
  readonly clients: readonly {
    readonly unsupported: readonly { readonly feature: string }[];
    readonly types: Readonly<Record<string, { readonly state: string }>>;
  }[];
}

export async function readStatus(stage: Stage): Promise<StatusDocument> {
  return JSON.parse((await stage.control.getControl('/status')).body) as StatusDocument;
}

/** What the client cannot do stands in `/status`. */
export async function untilTold(stage: Stage, feature: string): Promise<void> {
  await until(`/status says that ${feature} is not supported`, async () =>
    (await readStatus(stage)).clients.some(({ unsupported }) =>
      unsupported.some((limit) => limit.feature.startsWith(feature)),
    ),
  );
}
