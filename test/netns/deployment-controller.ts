import { createHash } from 'node:crypto';
import type { PodSpec } from './kubelet-pod.js';

/** Of `apps/v1 DeploymentSpec` what this controller looks at; a Job's is alike. */
export interface DeploymentSpec {
  readonly replicas?: number;
  readonly template: {
    readonly metadata?: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec: PodSpec;
  };
}

export interface OwnPod {
  readonly name: string;
  /** Of the template it was made from. */
  readonly hash: string;
  readonly ready: boolean;
  readonly terminating: boolean;
}

export type Step = { readonly kind: 'create' } | { readonly kind: 'delete'; readonly name: string };

/**
 * What brings the pods of a Deployment closer to what it wants: `maxSurge: 1, maxUnavailable: 0`, as charts are
 * advised to roll.
 */
export function nextStep(replicas: number, hash: string, pods: readonly OwnPod[]): readonly Step[] {
  const living = pods.filter(({ terminating }) => !terminating);
  const current = living.filter((pod) => pod.hash === hash);
  const old = living.filter((pod) => pod.hash !== hash);
  if (old.length === 0) {
    if (current.length < replicas) {
      return Array.from({ length: replicas - current.length }, (): Step => ({ kind: 'create' }));
    }
    // Those that serve nobody first.
    const spare = current.toSorted((a, b) => Number(a.ready) - Number(b.ready));
    return spare.slice(0, current.length - replicas).map(({ name }) => ({ kind: 'delete', name }));
  }
  const ready = living.filter((pod) => pod.ready).length;
  if (ready > replicas || current.filter((pod) => pod.ready).length >= replicas) {
    return [{ kind: 'delete', name: (old.find((pod) => !pod.ready) ?? old[0]!).name }];
  }
  if (current.length < replicas && living.length <= replicas) return [{ kind: 'create' }];
  return [];
}

/** Names a template, as `pod-template-hash` does. */
export function hashOf(template: unknown): string {
  return createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 8);
}
