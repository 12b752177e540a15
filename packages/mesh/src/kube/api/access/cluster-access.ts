import type { Agent } from 'node:http';

/** What a request needs besides its own words; asked for before each, since tokens and certificates change. */
export interface RequestCredentials {
  readonly headers: Readonly<Record<string, string>>;
  /** PEM, as are the next two. Default: the authorities Node.js knows. */
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** The name in the server's certificate, where it is not that of the address. */
  readonly servername?: string | undefined;
  /** False: whoever answers is believed. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** How to connect, where it is not directly: a proxy. */
  readonly agent?: Agent | undefined;
}

/** Which cluster, and as whom. */
export interface ClusterAccess {
  /** Without a path at its end, unless the server is below one. */
  readonly server: URL;
  /** For people: `the cluster it runs in`, `context "kind"`. */
  readonly description: string;
  /** Where commands are at home. */
  readonly namespace: string;
  /** @throws Error that says what to do */
  credentials(): Promise<RequestCredentials>;
  /** The server did not accept them (401): next time they are made anew where that is possible. */
  refused(): void;
}

/** The cluster cannot be reached as asked for: the command line or the surroundings are at fault. */
export class ClusterAccessError extends Error {
  override readonly name = 'ClusterAccessError';
}
