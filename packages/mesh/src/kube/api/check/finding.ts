/** One thing looked at, and what was found. */
export interface CheckFinding {
  /** What was looked at: `permission to list and watch services`. */
  readonly check: string;
  /** `error`: the control plane cannot do its work; `warning`: a part of it. */
  readonly result: 'ok' | 'warning' | 'error';
  /** What was found, and where it is not good, what to do. */
  readonly message: string;
}
