import { credentials } from '@grpc/grpc-js';
import { Greeter } from './greeter.js';
import type { GreeterClient } from './greeter.js';

/** Where `name:port` is dialled when that is not the name's own address. */
export type Hosts = ReadonlyMap<string, string>;

/**
 * Reads `GREETER_HOSTS`, a hosts file in one line: `native-tools-2:50051=127.0.0.1:41234`, several separated
 * by commas.
 *
 * @throws Error naming the entry that is not of this form.
 */
export function parseHosts(line: string): Hosts {
  const hosts = new Map<string, string>();
  for (const entry of line.split(',').filter((part) => part.trim() !== '')) {
    const [name, address, ...rest] = entry.trim().split('=');
    if (!name || !address || rest.length > 0)
      throw new Error(`'${entry}' in GREETER_HOSTS is not name:port=host:port`);
    hosts.set(name, address);
  }
  return hosts;
}

/** One client, and so one connection, per service name: dialled once and kept, as gRPC clients do. */
export class Dialer {
  readonly #hosts: Hosts;
  readonly #clients = new Map<string, GreeterClient>();

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  /** The client for port 50051 of a service. */
  client(service: string): GreeterClient {
    const known = this.#clients.get(service);
    if (known !== undefined) return known;
    const name = `${service}:50051`;
    // Wherever it is dialled, the server is still called by its name.
    const options = { 'grpc.default_authority': name };
    const client = new Greeter(this.#hosts.get(name) ?? name, credentials.createInsecure(), options);
    this.#clients.set(service, client);
    return client;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}
