import { type Balancer, type Endpoint, EndpointSet, type EndpointState, EndpointStats } from '@weir/core';
import type { Replica } from './replica.js';

/** A replica as one caller sees it. */
export interface Host extends EndpointState {
  readonly replica: Replica;
  /** How long the last answer took at the server; C3 asks for it. */
  serviceMs: number;
}

/** One client: what it knows of the endpoints, and its balancer. */
export class Caller {
  readonly balancer: Balancer<Host>;
  readonly #set: EndpointSet<Host>;

  constructor(balancer: Balancer<Host>, replicaOf: (address: string) => Replica) {
    this.balancer = balancer;
    this.#set = new EndpointSet((endpoint) => ({
      endpoint,
      stats: new EndpointStats(),
      replica: replicaOf(endpoint.address),
      serviceMs: 0,
    }));
  }

  update(endpoints: readonly Endpoint[]): void {
    this.#set.update(endpoints);
    this.balancer.update(this.#set.hosts);
  }
}
