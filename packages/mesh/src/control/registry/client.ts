import type { ModelLocality } from './model.js';

/** What the control plane knows of a client, by which its configuration is chosen. */
export interface Client {
  readonly namespace: string;
  /** Of its pod. */
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined when it does not tell. */
  readonly locality: ModelLocality | undefined;
}

/** Whether all of the labels asked for are there. */
export function hasLabels(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => labels[key] === value);
}
