import { Agent } from 'node:http';
import type { HostPort } from '../parse-address.js';
import { formatHostPort } from '../parse-address.js';
import { httpGet } from '../http-get.js';
import { SERVICE } from './pods.js';

/** What became of one call: the pod that answered, or what went wrong. */
export type Answer =
  { readonly pod: string; readonly error?: never } | { readonly error: string; readonly pod?: never };

/**
 * Reads the client's answer, `Greeting: hostname:<pod>, in:<name>` with status 200; anything else is an
 * error.
 */
export function parseGreeting(status: number, body: string): Answer {
  const pod = /^Greeting: hostname:([^,\s]+), in:/.exec(body)?.[1];
  if (status === 200 && pod !== undefined) return { pod };
  return { error: `HTTP ${status}, ${body.trim()}` };
}

/** The URL of the client program's door to the Service of the story. */
export function greetingUrl(client: HostPort): string {
  return `http://${formatHostPort(client)}/grpc_client?name=${SERVICE}&version=v1`;
}

/** Calls the Service of the story through the client program. */
export class Caller {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  /** @param client where the client program listens. */
  constructor(client: HostPort) {
    this.#url = greetingUrl(client);
  }

  /** One call. Never rejects: what went wrong is the answer. */
  async call(): Promise<Answer> {
    try {
      const { status, body } = await httpGet(this.#url, this.#agent);
      return parseGreeting(status, body);
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}
