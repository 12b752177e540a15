import type { ClusterBalancing } from '@weir/core';
import type { Balancing } from './cluster-settings/read-balancing.js';

/** Where a proxy is, and who. */
export interface ProxyPlace {
  /** `region/zone/subzone`; empty when unknown. */
  readonly locality: string;
  /** Its name, the same after a restart where it can be. */
  readonly id: string;
}

/** How requests are divided, but for what depends on where the proxy is. */
export type BalancingHere = Balancing & Pick<ClusterBalancing, 'overprovisioningPercent'>;

/** The same as it is for a proxy at `place`. Zones are for those who know theirs. */
export function atPlace(
  { zoneAware, policy, ...balancing }: BalancingHere,
  place?: ProxyPlace,
): ClusterBalancing {
  const { locality = '', id = '' } = place ?? {};
  const { subset } = policy;
  const own = subset && { ...subset, clientId: subset.clientId === '' ? id : subset.clientId };
  return {
    ...balancing,
    policy: own === undefined ? policy : { ...policy, subset: own },
    ...(zoneAware !== undefined && locality !== '' && { zoneAware: { ...zoneAware, locality } }),
  };
}
