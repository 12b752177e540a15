import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Random } from '@weir/core';
import { formatHostPort } from '../parse-address.js';
import type { HostPort } from '../parse-address.js';
import { SERVICE_MANIFEST } from './cast.js';
import type { Cast, RunningServer } from './cast.js';
import { Caller } from './greeting.js';
import { httpGet } from '../http-get.js';
import { FIRST_PODS, NEXT_PODS } from './pods.js';
import { rollOut } from './rolling-update.js';
import type { Rollout } from './rolling-update.js';
import type { ServiceDirectory } from './service-directory.js';
import { tally } from './spread.js';
import type { Tally } from './spread.js';
import { SteadyLoad } from './steady-load.js';
import { TcpBalancer } from './tcp-balancer.js';

/** What the demo shows. */
export interface Story {
  /** How many calls were made before and again after. */
  readonly calls: number;
  readonly pods: readonly string[];
  readonly before: Tally;
  readonly after: Tally;
  readonly rollout: Rollout;
}

/** Where to look at a demo that was left running. */
export interface Stage {
  readonly pinnedClient: HostPort;
  readonly balancedClient: HostPort;
  readonly admin: HostPort;
}

export interface StoryOptions {
  readonly calls: number;
  /** Whether what the story leaves behind is to be looked at, and so must go on working. */
  readonly keep: boolean;
  readonly cast: Cast;
  readonly directory: ServiceDirectory;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the story early. */
  readonly signal: AbortSignal;
  /** Says what happens right now. */
  readonly report: (what: string) => void;
}

const CONFIGURED_WITHIN_MS = 10_000;

/**
 * Tells the story with real processes: a client pinned to one pod, the same client cured, a rolling update
 * that no call notices. The processes and connections that are left belong to the cast and to the signal;
 * both end them.
 *
 * @throws Error when a step cannot be taken, such as a call that fails.
 */
export async function tellStory(options: StoryOptions): Promise<{ story: Story; stage: Stage }> {
  const { calls, keep, cast, directory, clock, random, signal, report } = options;

  report('starting three servers');
  const servers = await Promise.all(FIRST_PODS.map((name) => cast.startServer(name)));
  await directory.addService(SERVICE_MANIFEST);
  for (const { pod } of servers) await directory.put(pod, 'ready');
  const balancer = new TcpBalancer(random);
  signal.addEventListener('abort', () => balancer.destroy());
  balancer.setEndpoints(addressesOf(servers));
  const pinned = await cast.startClientOfBalancer(await balancer.listen());

  report('before: calling through a balancer of connections');
  const before = await makeCalls(pinned.address, calls, signal);
  if (!keep) {
    await cast.stop(pinned.child);
    balancer.destroy();
  }

  report('starting weir');
  const control = await cast.startControl(directory.path);
  const proxy = await cast.startProxy(control.address);
  await waitUntilReady(proxy.admin, clock, signal);
  const client = await cast.startClientOfProxy(proxy.outbound);

  report('after: calling through weir');
  const after = await makeCalls(client.address, calls, signal);

  report('life: a rolling update under load');
  const caller = new Caller(client.address);
  signal.addEventListener('abort', () => caller.close());
  const load = new SteadyLoad(() => caller.call(), clock);
  try {
    const update = await rollOut({ cast, directory, load, clock, signal }, servers, NEXT_PODS);
    balancer.setEndpoints(addressesOf(update.servers));
    const story = { calls, pods: FIRST_PODS, before, after, rollout: update.rollout };
    return {
      story,
      stage: { pinnedClient: pinned.address, balancedClient: client.address, admin: proxy.admin },
    };
  } finally {
    await load.stop();
    caller.close();
  }
}

function addressesOf(servers: readonly RunningServer[]): HostPort[] {
  return servers.map(({ pod }) => pod.address);
}

/** Makes the calls one after the other and counts who answered. */
async function makeCalls(client: HostPort, calls: number, signal: AbortSignal): Promise<Tally> {
  const caller = new Caller(client);
  const pods: string[] = [];
  try {
    for (let i = 1; i <= calls; i++) {
      signal.throwIfAborted();
      const { pod, error } = await caller.call();
      if (error !== undefined) throw new Error(`call ${i} of ${calls} failed: ${error}`);
      pods.push(pod);
    }
  } finally {
    caller.close();
  }
  return tally(pods);
}

/** Waits until the proxy says that it has been configured. */
async function waitUntilReady(admin: HostPort, clock: Clock, signal: AbortSignal): Promise<void> {
  const deadlineMs = clock.nowMs() + CONFIGURED_WITHIN_MS;
  let reason = '';
  while (clock.nowMs() < deadlineMs) {
    const { status, body } = await httpGet(`http://${formatHostPort(admin)}/ready`);
    if (status === 200) return;
    reason = body.trim();
    await sleep(20, undefined, { signal });
  }
  throw new Error(`weir proxy was not ready after ${CONFIGURED_WITHIN_MS / 1000} s: ${reason}`);
}
