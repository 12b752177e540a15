import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';

/**
 * A draw by weight is one of so many steps. `Random.next` would hand over a double, which the engine puts on
 * the heap unless it happens to inline the call; a small integer never goes there.
 */
export const DRAW_STEPS = 2 ** 30;

/**
 * A host drawn by weight from those not excluded, `undefined` when all are. It looks at every host, which is
 * right for a further attempt of one request and too slow for the first.
 */
export function pickAmongLeft<Host extends EndpointState>(
  hosts: readonly Host[],
  weights: readonly number[],
  excluded: ReadonlySet<EndpointState>,
  random: Random,
): Host | undefined {
  let total = 0;
  for (let index = 0; index < hosts.length; index++) {
    if (!excluded.has(hosts[index]!)) total += weights[index]!;
  }
  if (total === 0) return undefined;

  let point = (random.int(DRAW_STEPS) / DRAW_STEPS) * total;
  let last: Host | undefined;
  for (let index = 0; index < hosts.length; index++) {
    const host = hosts[index]!;
    if (excluded.has(host)) continue;
    last = host;
    point -= weights[index]!;
    if (point < 0) return host;
  }
  // Only rounding gets here: the point was on the very end.
  return last;
}
