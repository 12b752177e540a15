import type { EndpointState } from '../endpoint/endpoint-state.js';

/**
 * The priorities that a further attempt should not go to as it has been there (Envoy's `previous_priorities`;
 * VirtualService `retryRemoteLocalities` means a frequency of 2). To be given to a balancer as
 * `PickContext.avoidedPriorities`.
 *
 * @param tried hosts of the attempts so far, in their order, one for each attempt
 * @param updateFrequency after how many attempts those priorities are left each time; 0 means never
 */
export function avoidedPriorities(
  tried: readonly EndpointState[],
  updateFrequency: number,
): ReadonlySet<number> | undefined {
  if (updateFrequency === 0 || tried.length < updateFrequency) return undefined;
  const counted = tried.length - (tried.length % updateFrequency);
  return new Set(tried.slice(0, counted).map(({ endpoint }) => endpoint.priority ?? 0));
}
