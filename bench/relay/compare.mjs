import { Rig } from './rig.mjs';
import { spread } from './statistics.mjs';

/** What one run costs at least, when its speed is not known yet. */
const FIRST_REQUESTS = 400;
const LIMIT_MS = 60_000;

const MEASURES = [
  'cpuMicrosPerRequest',
  'requestsPerSecond',
  'p50Micros',
  'p99Micros',
  'p999Micros',
  'residentBytes',
];

/**
 * Measures every peer in every case. All peers of a case run at the same time and take turns under load, so
 * that what else goes on in the machine meets them alike; each round begins with another peer.
 *
 * @param options - `rounds`, and `seconds` that one run under load is to take
 * @param say - is told about progress, a line at a time
 * @returns one entry per case; `refused` says why a peer has no figures in it
 */
export async function compare(cases, peers, { rounds, seconds }, say) {
  const rig = await Rig.open(cases);
  const results = [];
  for (const one of cases) results.push(await compareCase(rig, one, peers, rounds, seconds, say));
  return results;
}

async function compareCase(rig, one, peers, rounds, seconds, say) {
  const entries = peers.map((peer) => ({
    peer,
    running: undefined,
    rounds: [],
    refused: undefined,
    requests: 0,
  }));
  for (const entry of entries) {
    await attempt(entry, async () => {
      entry.running = await rig.startPeer(entry.peer, one);
      await warmUp(rig, entry, one, seconds);
    });
  }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const entry = entries[(turn + round) % entries.length];
      await attempt(entry, async () => {
        const result = await rig.measure(entry.running, one, entry.requests, LIMIT_MS);
        entry.rounds.push(result);
        entry.requests = requestsFor(result, seconds, one);
        say(
          `${one.name} round ${round + 1}/${rounds} ${entry.peer.name}: ` +
            `${result.cpuMicrosPerRequest.toFixed(1)} µs CPU, ${Math.round(result.requestsPerSecond)} req/s`,
        );
      });
    }
  }
  for (const { running } of entries) if (running !== undefined) await rig.stopPeer(running);
  for (const { peer, refused } of entries) {
    if (refused !== undefined) say(`${one.name} ${peer.name}: no figures, ${refused}`);
  }
  return { case: one, peers: entries.map((entry) => summarize(entry, entries)) };
}

/** One failed request is enough: the peer has no figures in this case. */
async function attempt(entry, work) {
  if (entry.refused !== undefined) return;
  try {
    await work();
  } catch (error) {
    entry.refused = error.message;
  }
}

/**
 * Lets the peer compile, fill its tables and open its connections, and finds out how fast it is. As long for
 * short rounds as for long ones, for what runs in V8 gets faster with the requests it has seen.
 */
async function warmUp(rig, entry, one, seconds) {
  entry.requests = Math.max(FIRST_REQUESTS, one.connections * 2);
  if (one.up + one.down > 100_000) entry.requests = 50;
  for (const length of [0.3, 1, 2, seconds]) {
    const result = await rig.measure(entry.running, one, entry.requests, LIMIT_MS);
    entry.requests = requestsFor(result, length, one);
  }
}

/**
 * gRPC connections live long: with fewer requests on each, the price of opening 512 of them would be most of
 * what is measured.
 */
const REQUESTS_PER_CONNECTION = 100;

function requestsFor({ requestsPerSecond }, seconds, one) {
  const fewest = one.up + one.down > 10_000 ? 20 : one.connections * REQUESTS_PER_CONNECTION;
  return Math.max(one.connections * one.streams, fewest, Math.round(requestsPerSecond * seconds));
}

function summarize({ peer, rounds, refused }, entries) {
  const summary = { name: peer.name, title: peer.title };
  if (refused !== undefined) return { ...summary, refused };
  for (const measure of MEASURES) summary[measure] = spread(rounds.map((round) => round[measure]));
  const ratioTo = (name) => {
    const reference = entries.find((entry) => entry.peer.name === name);
    if (reference === undefined || reference.refused !== undefined) return undefined;
    // Round by round, so that a busy moment of the machine weighs on both.
    return spread(
      rounds.map((round, index) => round.cpuMicrosPerRequest / reference.rounds[index].cpuMicrosPerRequest),
    );
  };
  return { ...summary, cpuRatioToHaproxy: ratioTo('haproxy'), cpuRatioToWeir: ratioTo('weir') };
}
