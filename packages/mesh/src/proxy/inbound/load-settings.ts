import type { CpuSource } from '../../system/cpu-utilization.js';

/** Whom the proxy tells how busy the application behind it is: `none`, whoever asks, or every caller of gRPC. */
export const LOAD_AUDIENCES = ['none', 'on-request', 'all'] as const;

export type LoadAudience = (typeof LOAD_AUDIENCES)[number];

/** What is said of the application's load. */
export interface LoadSettings {
  readonly audience: LoadAudience;
  /** Where the use of the processor is read. */
  readonly cpu: CpuSource;
}

export const DEFAULT_LOAD_SETTINGS: LoadSettings = { audience: 'all', cpu: { kind: 'none' } };
