import { decideInjection, type InjectionDecision } from './decide-injection.js';
import { inject } from './inject.js';
import type { InjectSettings } from './settings.js';
import { podOf, type Workload, withPod } from './workload.js';

/** What was done to an object, and the object as it is now. */
export interface InjectedWorkload {
  readonly workload: Workload;
  readonly decision: InjectionDecision;
}

/**
 * Gives the pods of an object their sidecar; objects without pods, and those that get none, come back as they
 * are.
 *
 * @param namespace of the object, where it names none
 * @param namespaceLabel what that namespace has, or is taken to have, as `weir.dev/injection`
 */
export function injectWorkload(
  workload: Workload,
  namespace: string,
  namespaceLabel: string | undefined,
  settings: InjectSettings,
): InjectedWorkload {
  const pod = podOf(workload);
  if (pod === undefined) {
    return {
      workload,
      decision: { kind: 'skip', reason: `a ${workload.kind ?? 'nameless kind'} has no pods` },
    };
  }
  const own = workload.metadata?.namespace ?? namespace;
  const decision = decideInjection(pod, own, namespaceLabel, settings);
  return decision.kind === 'inject'
    ? { workload: withPod(workload, inject(pod, decision.settings, settings)), decision }
    : { workload, decision };
}
