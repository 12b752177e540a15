import type { Clock } from '@weir/core';
import type { Logger } from '../system/logger.js';
import type { ObjectSource } from './control-plane.js';
import type { ControlState } from './http/status.js';
import type { KubeCalls } from './webhook/kube-calls.js';
import type { SourceLog } from './source-log.js';

export interface SourceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: SourceLog;
  /** @param urgent whether something may be taken out of use */
  readonly onChange: (urgent: boolean) => void;
}

/** Where objects come from, with the means to begin and to end. */
export interface OpenSource {
  readonly objects: ObjectSource;
  readonly origin: ControlState['origin'];
  /** Requests of its own to the API server; `undefined`: there is none. */
  readonly api?: KubeCalls;
  /** Resolves when everything there is has been read once. */
  start(): Promise<void>;
  close(): void;
}
