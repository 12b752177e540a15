import { StatusError } from './objects/status-error.js';
import type { RequestInfo } from './http/request-info.js';

/** Which requests a fault is for; what is not named is any. */
export interface FaultMatch {
  readonly verb?: string;
  readonly plural?: string;
  readonly namespace?: string;
}

interface Fault {
  readonly match: FaultMatch;
  readonly delayMs: number;
  readonly error: StatusError | undefined;
  times: number;
}

/** Undoes a fault. */
export type Mend = () => void;

/** What goes wrong on demand. Each returns how to mend it. */
export class Faults {
  readonly #faults = new Set<Fault>();

  /** Answers with an HTTP status, `times` over: 403 as an API server that does not allow it, 500, 503, 429, 410. */
  refuse(match: FaultMatch, code: number, times = Infinity): Mend {
    return this.#add(
      match,
      0,
      new StatusError(code, REASONS[code] ?? 'InternalError', `refused on demand: ${code}`),
      times,
    );
  }

  /** Answers late, in milliseconds. */
  delay(match: FaultMatch, delayMs: number, times = Infinity): Mend {
    return this.#add(match, delayMs, undefined, times);
  }

  clear(): void {
    this.#faults.clear();
  }

  /** Waits, or throws what the request is to be refused with. */
  async meet(info: RequestInfo): Promise<void> {
    for (const fault of [...this.#faults]) {
      if (!matches(fault.match, info)) continue;
      fault.times -= 1;
      if (fault.times <= 0) this.#faults.delete(fault);
      if (fault.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      if (fault.error !== undefined) throw fault.error;
    }
  }

  #add(match: FaultMatch, delayMs: number, error: StatusError | undefined, times: number): Mend {
    const fault: Fault = { match, delayMs, error, times };
    this.#faults.add(fault);
    return () => void this.#faults.delete(fault);
  }
}

function matches({ verb, plural, namespace }: FaultMatch, info: RequestInfo): boolean {
  return (
    (verb === undefined || verb === info.verb) &&
    (plural === undefined || plural === info.plural) &&
    (namespace === undefined || namespace === info.namespace)
  );
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};
