/** What a caller, a program in whatever language, is told on a line of JSON, and what it answers on another. */

export interface CallOrder {
  readonly target: string;
  /** Full path of the method. */
  readonly method: string;
  /** Base64. */
  readonly request: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export type Order =
  | ({
      readonly op: 'calls';
      readonly count: number;
      readonly concurrency: number;
      /** Between the beginnings of calls made at the same time. */
      readonly staggerMs: number;
    } & CallOrder)
  /** Calls without a pause, four at a time, until `stop`. */
  | ({ readonly op: 'start' } & CallOrder)
  | { readonly op: 'stop' }
  /** Closes the channel to a target, so that the next call opens another one. */
  | { readonly op: 'forget'; readonly target: string }
  /** Which balancers the channel uses; only grpc-js can tell. */
  | { readonly op: 'policies'; readonly target: string };

export interface Answer {
  /** Calls by the name of the server that answered. */
  readonly servers: Readonly<Record<string, number>>;
  /** Calls by the number of their status. */
  readonly codes: Readonly<Record<string, number>>;
  /** Messages of failed calls, each once. */
  readonly messages: readonly string[];
  readonly latenciesMs: readonly number[];
  readonly policies?: readonly string[];
}
