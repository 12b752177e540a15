import type { EndpointSliceObject } from '../../resources/endpoint-slice.js';
import type { KubeObject } from '../../resources/kinds.js';

/**
 * Whether a change may take something out of use. Those that cannot may be gathered: labels of pods, places of
 * nodes, new objects, and slices in which endpoints are only added or become ready.
 */
export function isUrgent(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  if (before === undefined) return false;
  if (before.kind === 'Pod' || before.kind === 'Node') return false;
  if (before.kind !== 'EndpointSlice' || after?.kind !== 'EndpointSlice') return true;
  return (
    !before.ports.every(({ name, port }) =>
      after.ports.some((other) => other.name === name && other.port === port),
    ) || withdrawsAddress(before, after)
  );
}

function withdrawsAddress(before: EndpointSliceObject, after: EndpointSliceObject): boolean {
  const usable = usableAddresses(after);
  for (const address of usableAddresses(before)) if (!usable.has(address)) return true;
  return false;
}

function usableAddresses({ endpoints }: EndpointSliceObject): ReadonlySet<string> {
  const usable = new Set<string>();
  for (const { addresses, conditions = {} } of endpoints) {
    if (conditions.ready === false || conditions.terminating === true) continue;
    for (const address of addresses) usable.add(address);
  }
  return usable;
}
