import type { LoadedObject } from '../../kube/directory/manifest-set.js';
import type { Problem } from '../../kube/problem.js';
import type { Model } from '../registry/model.js';
import { sortByKind } from '../registry/objects-by-kind.js';
import { findRuleConflicts } from '../registry/read-destination-rules.js';
import { checkDelegates } from './check-delegates.js';
import { checkDestinations } from './check-destinations.js';
import { checkHosts } from './check-hosts.js';
import { checkLimits } from './check-limits.js';
import { checkPorts } from './check-ports.js';
import { checkReach } from './check-reach.js';
import { checkSubsets } from './check-subsets.js';

/**
 * Finds what will not work although each object is valid. What the registry found while it read them is in
 * `model.problems`, and no part of the answer.
 *
 * @param objects those the model was made of
 */
export function analyzeModel(model: Model, objects: readonly LoadedObject[]): readonly Problem[] {
  const { services, virtualServices } = sortByKind(objects);
  return [
    ...checkHosts(model),
    ...checkDelegates(virtualServices),
    ...checkDestinations(model),
    ...findRuleConflicts(model.policies.destinationRules),
    ...checkSubsets(model),
    ...checkReach(model),
    ...checkLimits(model),
    ...checkPorts(model, services),
  ];
}
