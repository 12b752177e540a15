import { direct } from '../peers/direct.mjs';
import { Rig } from './rig.mjs';
import { spread } from './statistics.mjs';

const LOAD = 0.3;
const LIMIT_MS = 60_000;

/**
 * What a relay adds to the latency when it is not busy: every peer, and no peer at all, get the same rate of
 * requests, 30 % of what HAProxy can do, in turns.
 *
 * @returns per peer the 99th percentile and how much of it the peer added, in microseconds
 */
export async function addedLatency(one, peers, { rounds, seconds }, say) {
  const rig = await Rig.open([one]);
  const entries = [];
  for (const peer of [direct, ...peers]) {
    const running = await rig.startPeer(peer, one);
    const warm = await rig.measure(running, one, 5000, LIMIT_MS);
    entries.push({ peer, running, warm, p50: [], p99: [], p999: [] });
  }
  const reference = entries.find((entry) => entry.peer.name === 'haproxy');
  if (reference === undefined) throw new Error('HAProxy has to be among the peers: its speed sets the rate.');
  const fastest = await rig.measure(
    reference.running,
    one,
    Math.round(reference.warm.requestsPerSecond * seconds),
    LIMIT_MS,
  );
  const rate = Math.round(fastest.requestsPerSecond * LOAD);
  say(`HAProxy does ${Math.round(fastest.requestsPerSecond)} req/s; everyone gets ${rate} req/s`);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const entry = entries[(turn + round) % entries.length];
      const result = await rig.measure(entry.running, one, Math.round(rate * seconds), LIMIT_MS, rate);
      entry.p50.push(result.p50Micros);
      entry.p99.push(result.p99Micros);
      entry.p999.push(result.p999Micros);
      say(
        `round ${round + 1}/${rounds} ${entry.peer.name}: p50 ${result.p50Micros} µs, p99 ${result.p99Micros} µs`,
      );
    }
  }
  for (const { running } of entries) await rig.stopPeer(running);
  const [base] = entries;
  return {
    case: one.name,
    ratePerSecond: rate,
    peers: entries.map(({ peer, p50, p99, p999 }) => ({
      name: peer.name,
      title: peer.title,
      p50Micros: spread(p50),
      p99Micros: spread(p99),
      p999Micros: spread(p999),
      addedP99Micros: spread(p99.map((micros, round) => micros - base.p99[round])),
    })),
  };
}

export function formatLatency({ ratePerSecond, peers }, one) {
  const lines = [`\n${one.title}, everyone at ${ratePerSecond} req/s (30 % of HAProxy's most)`];
  for (const { title, p50Micros, p99Micros, addedP99Micros } of peers) {
    const added = `${addedP99Micros.median} (${addedP99Micros.min}–${addedP99Micros.max})`;
    lines.push(
      `${title.padEnd(18)} p50 ${String(p50Micros.median).padStart(6)} µs   p99 ${String(p99Micros.median).padStart(6)} µs   p99 added ${added} µs`,
    );
  }
  return lines.join('\n');
}
