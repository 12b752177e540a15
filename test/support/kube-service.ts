import type { Random } from '@weir/core';
import type { KubeApiServer } from './kube-apiserver/kube-api-server.js';

/** An endpoint as a slice has it. */
export interface KubeEndpoint {
  readonly address: string;
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
  readonly zone?: string;
  readonly hint?: string;
}

export interface KubePort {
  readonly name: string;
  readonly port: number;
}

/** A Service in the API server, whose EndpointSlices a test writes as the cluster's controller would. */
export class KubeService {
  readonly #server: KubeApiServer;
  readonly name: string;
  readonly #ports: readonly KubePort[];
  #slices = 0;

  constructor(server: KubeApiServer, name: string, ports: readonly KubePort[]) {
    this.#server = server;
    this.name = name;
    this.#ports = ports;
  }

  /** Makes the slices hold these endpoints, spread over at most `slices` of them. */
  async write(endpoints: readonly KubeEndpoint[], slices = 1, random?: Random): Promise<void> {
    const parts = Array.from({ length: slices }, (): KubeEndpoint[] => []);
    for (const [index, endpoint] of endpoints.entries()) {
      parts[random?.int(slices) ?? index % slices]!.push(endpoint);
    }
    // First those that grow, so that no endpoint is in none of them.
    for (const [index, part] of parts.entries()) await this.#writeSlice(index, part);
    for (let index = slices; index < this.#slices; index++) {
      await this.#server.remove('discovery.k8s.io/v1', 'EndpointSlice', `${this.name}-${index}`);
    }
    this.#slices = slices;
  }

  async #writeSlice(index: number, endpoints: readonly KubeEndpoint[]): Promise<void> {
    await this.#server.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${this.name}-${index}`, labels: { 'kubernetes.io/service-name': this.name } },
      addressType: 'IPv4',
      ports: this.#ports.map(({ name, port }) => ({ name, port, protocol: 'TCP' })),
      endpoints: endpoints.map(
        ({ address, ready = true, serving = ready, terminating = false, zone, hint }) => ({
          addresses: [address],
          conditions: { ready, serving, terminating },
          targetRef: { kind: 'Pod', name: `pod-${address.replaceAll('.', '-')}`, namespace: 'default' },
          ...(zone === undefined ? {} : { zone }),
          ...(hint === undefined ? {} : { hints: { forZones: [{ name: hint }] } }),
        }),
      ),
    });
  }
}
