import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What an endpoint says about itself; the defaults are those of a pod that is up. */
export interface EndpointConditions {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

/** A directory of YAML as a user would write it. Files appear whole, by renaming. */
export class ConfigDirectory {
  readonly path: string;
  readonly #workshop: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'weir-config-'));
    this.#workshop = mkdtempSync(join(tmpdir(), 'weir-config-draft-'));
  }

  /** Writes one file at once. */
  write(file: string, text: string): void {
    const draft = join(this.#workshop, file);
    writeFileSync(draft, text);
    renameSync(draft, join(this.path, file));
  }

  remove(file: string): void {
    rmSync(join(this.path, file));
  }

  service(name: string, port = 50051): void {
    this.write(`service-${name}.yaml`, serviceYaml(name, port));
  }

  /**
   * One slice for one server, since every server on this machine has a port of its own.
   * `pod` names the file, so writing the same pod again replaces it.
   */
  endpoint(service: string, pod: string, address: string, conditions: EndpointConditions = {}): void {
    this.write(endpointFile(pod), endpointSliceYaml(service, pod, address, conditions));
  }

  removeEndpoint(pod: string): void {
    this.remove(endpointFile(pod));
  }

  serviceEntry(host: string, port: number, addresses: readonly string[]): void {
    this.write(`serviceentry-${host}.yaml`, serviceEntryYaml(host, port, addresses));
  }

  destroy(): void {
    rmSync(this.path, { recursive: true, force: true });
    rmSync(this.#workshop, { recursive: true, force: true });
  }
}

export function endpointFile(pod: string): string {
  return `endpoints-${pod}.yaml`;
}

function serviceYaml(name: string, port: number): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: default
spec:
  selector:
    app: ${name}
  ports:
    - name: grpc
      port: ${port}
      protocol: TCP
`;
}

export function endpointSliceYaml(
  service: string,
  pod: string,
  address: string,
  { ready = true, serving = ready, terminating = false }: EndpointConditions = {},
): string {
  const [host, port] = split(address);
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${service}-${pod}
  namespace: default
  labels:
    kubernetes.io/service-name: ${service}
addressType: IPv4
ports:
  - name: grpc
    port: ${port}
    protocol: TCP
endpoints:
  - addresses:
      - ${host}
    conditions:
      ready: ${ready}
      serving: ${serving}
      terminating: ${terminating}
    targetRef:
      kind: Pod
      name: ${pod}
      namespace: default
`;
}

function serviceEntryYaml(host: string, port: number, addresses: readonly string[]): string {
  const endpoints = addresses
    .map(split)
    .map(([ip, local]) => `    - address: ${ip}\n      ports:\n        grpc: ${local}\n`);
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: ${host.replaceAll('.', '-')}
  namespace: default
spec:
  hosts:
    - ${host}
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - name: grpc
      number: ${port}
      protocol: GRPC
  endpoints:
${endpoints.join('')}`;
}

function split(address: string): readonly [host: string, port: string] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), address.slice(colon + 1)];
}
