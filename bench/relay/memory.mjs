import { weir } from '../peers/weir.mjs';
import { CASES } from './cases.mjs';
import { pause } from './children.mjs';
import { Rig } from './rig.mjs';
import { residentBytes } from './usage.mjs';

const MIB = 1024 * 1024;
/** After this V8 has given back what starting up took. */
const SETTLE_MS = 3000;
const LIMIT_MS = 60_000;
export const TARGET_MIB = 75;

/**
 * The resident memory of the sidecar in MiB: configured and idle, with few and with many services, and what
 * is left of it after load.
 */
export async function measureMemory(say) {
  const loads = ['8x32', '512x1', '1m-up', '1m-down'].map((name) => CASES.find((one) => one.name === name));
  const rig = await Rig.open(loads);
  const figures = {};
  for (const furtherServices of [0, 200]) {
    const running = await rig.startPeer(weir, loads[0], { furtherServices });
    await pause(SETTLE_MS);
    const label = furtherServices === 0 ? 'one service, idle' : `${furtherServices + 1} services, idle`;
    figures[label] = record(running, label, say);
    if (furtherServices === 0) {
      for (const one of loads) {
        const requests = one.up + one.down > 100_000 ? 600 : 100_000;
        await rig.measure(running, one, requests, LIMIT_MS);
        figures[`after ${one.title}`] = record(running, `after ${one.title}`, say);
      }
    }
    await rig.stopPeer(running);
  }
  return figures;
}

function record(running, label, say) {
  const mib = residentBytes(running.child.pid) / MIB;
  say(`${label}: ${mib.toFixed(1)} MiB`);
  return mib;
}
