/** What a priority has: hosts that may be picked, of so many that count. */
export interface PriorityHealth {
  readonly available: number;
  readonly total: number;
}

export interface PrioritySettings {
  /**
   * How far a priority may be from full strength and still bear all load, in percent
   * (`overprovisioning_factor`, default 140): with 140, down to 72 % of its hosts.
   */
  readonly overprovisioningPercent: number;
  /**
   * Below so many percent of available hosts all hosts are used, since those few would not bear it; 0 means
   * never (`healthy_panic_threshold`, Envoy's default 50; DestinationRule `minHealthPercent`, default 0).
   */
  readonly panicThresholdPercent: number;
}

export interface PriorityLoad {
  /** Percent of the requests; the loads add up to 100, or to 0 when nobody can be sent anything. */
  readonly percent: number;
  /** Whether all of its hosts are used. */
  readonly panic: boolean;
}

/**
 * Divides the requests among the priorities (Envoy `LoadBalancerBase::recalculatePerPriorityState`). Each can
 * bear `available / total * overprovisioning`; the first takes what it can, the next of what is left, and so
 * on. When they can bear less than all together, each takes in proportion, and those with too few hosts
 * panic.
 */
export function loadOfPriorities(
  priorities: readonly PriorityHealth[],
  { overprovisioningPercent, panicThresholdPercent }: PrioritySettings,
): PriorityLoad[] {
  const health = priorities.map(({ available, total }) =>
    total === 0 ? 0 : Math.min(100, Math.floor((available * overprovisioningPercent) / total)),
  );
  const strength = Math.min(
    100,
    health.reduce((sum, percent) => sum + percent, 0),
  );
  const panics = priorities.map(
    ({ available, total }) =>
      strength < 100 && total > 0 && (100 * available) / total < Math.min(100, panicThresholdPercent),
  );
  if (priorities.length > 0 && priorities.every(({ total }, index) => total === 0 || panics[index])) {
    return byTotals(priorities);
  }
  let left = strength === 0 ? 0 : 100;
  const loads = health.map((percent) => {
    const load = Math.min(left, Math.floor((100 * percent) / Math.max(1, strength)));
    left -= load;
    return load;
  });
  // What rounding has left over is for the first that has anything.
  const first = health.findIndex((percent) => percent > 0);
  return loads.map((percent, index) => ({
    percent: index === first ? percent + left : percent,
    panic: panics[index]!,
  }));
}

/** Everybody panics: each priority by the number of its hosts. */
function byTotals(priorities: readonly PriorityHealth[]): PriorityLoad[] {
  const all = priorities.reduce((sum, { total }) => sum + total, 0);
  let left = all === 0 ? 0 : 100;
  const loads = priorities.map(({ total }) => {
    const load = all === 0 ? 0 : Math.floor((100 * total) / all);
    left -= load;
    return load;
  });
  const first = priorities.findIndex(({ total }) => total > 0);
  return loads.map((percent, index) => ({
    percent: index === first ? percent + left : percent,
    panic: true,
  }));
}
