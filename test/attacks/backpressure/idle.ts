import { setTimeout as sleep } from 'node:timers/promises';
import { type AttackRange, echoRequest, startAttackRange } from '../../support/attack-range.js';
import { headers, SETTINGS } from '../../support/raw-frames/frame.js';
import { until } from '../../support/until.js';
import { startVolumeServer, type VolumePeer } from '../../support/volume-peer.js';

const STREAMS_PER_CONNECTION = 1_000;
/** For collecting what the setting up has left. */
const REST_MS = 1_000;
const ROUNDS = 4;
const PATIENCE_MS = 30_000;

export interface Held {
  readonly held: number;
  readonly grownBytes: number;
  readonly heapBytes: number;
  /** From the second time of holding as many to the last: what those that have gone left behind each time. */
  readonly grownAgainBytes: number;
}

/** Requests without an end to a server that answers nothing, a thousand on each connection. */
export function holdStreams(count: number): Promise<Held> {
  return hold(count, async (range, peers) => {
    for (let begun = 0; begun < count; begun += STREAMS_PER_CONNECTION) {
      const peer = await range.attacker({}, range.hostileAddress);
      peers.push(peer);
      for (let at = 0; at < STREAMS_PER_CONNECTION; at++) peer.send(headers(at * 2 + 1, echoRequest('Bidi')));
    }
    await until(
      'all streams are open on both sides',
      async () => (await range.metric('weir_upstream_streams')) === count,
      PATIENCE_MS,
    );
  });
}

/** Connections with a good preface and nothing else. */
export function holdConnections(count: number): Promise<Held> {
  return hold(count, async (range, peers) => {
    while (peers.length < count) {
      const batch = Array.from({ length: 100 }, () => range.attacker({}, range.hostileAddress));
      peers.push(...(await Promise.all(batch)));
    }
    await until('all have shaken hands', () => peers.every((peer) => peer.count(SETTINGS) >= 2), PATIENCE_MS);
  });
}

async function hold(
  count: number,
  open: (range: AttackRange, peers: VolumePeer[]) => Promise<void>,
): Promise<Held> {
  const server = await startVolumeServer();
  const range = await startAttackRange({ hostile: server.address });
  const heapOf = (): Promise<number> => range.metric('nodejs_heap_size_used_bytes');
  const round = async (): Promise<readonly [rssBytes: number, heapBytes: number]> => {
    const peers: VolumePeer[] = [];
    await open(range, peers);
    await sleep(REST_MS);
    const bytes = [range.sidecar.process.residentBytes(), await heapOf()] as const;
    for (const peer of peers) peer.destroy();
    const areGone = async (): Promise<boolean> => (await range.metric('weir_downstream_connections')) === 0;
    await until('all are gone', areGone, PATIENCE_MS);
    return bytes;
  };
  try {
    const [rssBefore, heapBefore] = [range.sidecar.process.residentBytes(), await heapOf()];
    const [rss, heap] = await round();
    // The first time again brings V8's heap to its size; what grows from then on has been left behind.
    const more: number[] = [];
    for (let again = 0; again < ROUNDS; again++) more.push((await round())[0]);
    return {
      held: count,
      grownBytes: rss - rssBefore,
      heapBytes: heap - heapBefore,
      grownAgainBytes: more.at(-1)! - more[0]!,
    };
  } finally {
    await range.close();
    server.destroy();
  }
}
