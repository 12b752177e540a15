import type { EndpointDetails } from '../policy/policy.js';

/** An endpoint that a resolver has found. */
export interface FoundEndpoint extends EndpointDetails {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Where a resolver says what it has found. */
export interface ResolverListener {
  /**
   * The endpoints as they are now.
   *
   * @param note goes into the message of calls that fail for want of an endpoint
   */
  found(endpoints: readonly FoundEndpoint[], note: string): void;
  /** Nothing is known, and this is why. What was found before stays in force. */
  failed(details: string): void;
}

/** Turns one target into endpoints, for as long as its channel is in use. */
export interface Resolver {
  /** Begins to look, or to look again; the listener is never called before this returns. */
  resolve(): void;
  /** The channel does not need it for now; `resolve` begins anew. */
  close(): void;
}

/** How a scheme is known to grpc-js. */
export interface ResolverType {
  /** Of the target: `k8s` for `k8s:///name.namespace:port`. */
  readonly scheme: string;
  /**
   * @param path the target after `scheme:///`
   * @throws {Error} when no such target can be, with what to write instead
   */
  create(path: string, listener: ResolverListener, options: ResolverOptions): Resolver;
  /** What goes into `:authority`, and what a server's certificate must be for. */
  authorityOf(path: string): string;
}

/** The channel's options, as the user gave them. */
export type ResolverOptions = Readonly<Record<string, unknown>>;

/** The resolver of a target; of one that cannot be, a resolver that says why whenever it is asked. */
export function createResolver(
  type: ResolverType,
  path: string,
  options: ResolverOptions,
  listener: ResolverListener,
): Resolver {
  try {
    return type.create(path, listener, options);
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error);
    return { resolve: () => queueMicrotask(() => listener.failed(details)), close: () => {} };
  }
}
