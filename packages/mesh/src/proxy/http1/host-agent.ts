import { Agent, type ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How the connections of an agent are kept, to be asked whenever it matters. */
export interface AgentRules {
  readonly idleTimeoutMs: number;
  readonly maxRequests: () => number;
  readonly onDial: (socket: Socket) => void;
}

/** Keeps the connections to one endpoint. */
export class HostAgent extends Agent {
  readonly #rules: AgentRules;
  readonly #requests = new WeakMap<Duplex, number>();
  #closing = false;

  constructor(rules: AgentRules) {
    super({ keepAlive: true, timeout: rules.idleTimeoutMs });
    this.#rules = rules;
  }

  /** Whether a connection waits for a request. */
  get hasFree(): boolean {
    return Object.values(this.freeSockets).some((sockets) => (sockets?.length ?? 0) > 0);
  }

  /** Keeps no connection beyond the requests it has. */
  drain(): void {
    this.#closing = true;
    for (const sockets of Object.values(this.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const socket = super.createConnection(options, callback);
    this.#rules.onDial(socket as Socket);
    return socket;
  }

  override keepSocketAlive(socket: Duplex): boolean {
    const requests = (this.#requests.get(socket) ?? 0) + 1;
    this.#requests.set(socket, requests);
    if (this.#closing || requests >= this.#rules.maxRequests()) return false;
    // What its type does not say: whether to keep it. It looks at the endpoint's `Keep-Alive`.
    const keeps: unknown = super.keepSocketAlive(socket);
    return keeps !== false;
  }
}
