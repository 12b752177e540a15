import type { Pod } from './pod.js';

/** A Kubernetes object of any kind. */
export interface Workload {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly [other: string]: unknown;
  };
  readonly [other: string]: unknown;
}

/** Where the pod or the template of pods is in an object of each kind that has one. */
const PATHS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pod', []],
  ['Deployment', ['spec', 'template']],
  ['ReplicaSet', ['spec', 'template']],
  ['StatefulSet', ['spec', 'template']],
  ['DaemonSet', ['spec', 'template']],
  ['Job', ['spec', 'template']],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
]);

/** The pod in an object; `undefined` when objects of its kind have none. */
export function podOf(workload: Workload): Pod | undefined {
  const path = PATHS.get(workload.kind ?? '');
  if (path === undefined) return undefined;
  let at: unknown = workload;
  for (const key of path) at = (at as Readonly<Record<string, unknown>> | undefined)?.[key];
  const pod = at as Partial<Pod> | undefined;
  return Array.isArray(pod?.spec?.containers) ? (pod as Pod) : undefined;
}

/** The object with another pod in it. */
export function withPod(workload: Workload, pod: Pod): Workload {
  const path = PATHS.get(workload.kind ?? '') ?? [];
  return replaceAt(workload, path, pod) as Workload;
}

function replaceAt(value: unknown, path: readonly string[], pod: Pod): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return pod;
  const fields = value as Readonly<Record<string, unknown>>;
  return { ...fields, [key]: replaceAt(fields[key], rest, pod) };
}
