import type { Caller } from './caller.js';
import type { Stage } from './stage.js';

/** The clients of the table. */
export type ClientId = 'node' | 'weir' | 'core' | 'go';

/** One line of the table: what is asked of every client. */
export interface Case {
  /** In the words of the table. */
  readonly feature: string;
  /** Why a client cannot do it, as the documentation says it. */
  readonly exceptions?: Partial<Record<ClientId, string>>;
  /**
   * Fails when the client does not do it; for a client with an exception, when it is not told. Waits of its own are
   * bounded.
   */
  run(stage: Stage, caller: Caller, client: ClientId): Promise<void>;
}
