import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVICE } from './pods.js';
import type { Pod } from './pods.js';

/** A terminating pod still serves what it has begun, and is to get nothing new. */
export type PodCondition = 'ready' | 'terminating';

/**
 * The EndpointSlice of one pod. Kubernetes puts pods into one slice only when they share their target port;
 * here each has its own, so there is a slice per pod.
 *
 * @returns YAML.
 */
export function formatEndpointSlice({ name, address, httpPort }: Pod, condition: PodCondition): string {
  const terminating = condition === 'terminating';
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}
  labels:
    kubernetes.io/service-name: ${SERVICE}
addressType: IPv4
ports:
  - name: http
    port: ${httpPort}
    protocol: TCP
  - name: grpc
    port: ${address.port}
    protocol: TCP
    appProtocol: grpc
endpoints:
  - addresses: ['${address.host}']
    conditions:
      ready: ${!terminating}
      serving: true
      terminating: ${terminating}
    targetRef:
      kind: Pod
      name: ${name}
`;
}

/**
 * The directory of YAML that stands for the Kubernetes API: the Service of the story and its EndpointSlices.
 */
export class ServiceDirectory {
  readonly path: string;

  /** @param path an existing directory. */
  constructor(path: string) {
    this.path = path;
  }

  /** Puts the Service in, as it is deployed. */
  async addService(manifest: string): Promise<void> {
    await copyFile(manifest, join(this.path, 'service.yaml'));
  }

  /** Writes the slice of a pod whole or not at all: beside its place first, then renamed into it. */
  async put(pod: Pod, condition: PodCondition): Promise<void> {
    const draft = join(this.path, `.${pod.name}.draft`);
    await writeFile(draft, formatEndpointSlice(pod, condition));
    await rename(draft, this.#file(pod));
  }

  async remove(pod: Pod): Promise<void> {
    await rm(this.#file(pod));
  }

  #file(pod: Pod): string {
    return join(this.path, `endpointslice-${pod.name}.yaml`);
  }
}
