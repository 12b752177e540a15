import { KubeApiServer } from '../../test/dist/support/kube-apiserver/kube-api-server.js';

const PORTS = [{ name: 'grpc', port: 50051, protocol: 'TCP' }];
const NODES = 100;

/** A cluster of `services` Services with `perService` pods each, and what a real one says of them. */
export class BenchCluster {
  #nextPod = 0;

  /** @param {{services: number, perService: number}} size */
  constructor({ services, perService }) {
    /** @type {Map<string, string[]>} */
    this.pods = new Map();
    this.services = Array.from({ length: services }, (_, index) => `service-${index}`);
    this.perService = perService;
  }

  async start() {
    this.api = await KubeApiServer.start();
    for (let node = 0; node < NODES; node++) {
      await this.api.apply({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name: `node-${node}`,
          labels: {
            'topology.kubernetes.io/zone': `zone-${node % 3}`,
            'topology.kubernetes.io/region': 'region',
          },
        },
      });
    }
    for (const service of this.services) {
      await this.api.apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: service, labels: { app: service } },
        spec: { selector: { app: service }, ports: PORTS.map((port) => ({ ...port })) },
      });
      this.pods.set(service, []);
      for (let pod = 0; pod < this.perService; pod++) await this.addPod(service);
      await this.writeSlice(service);
    }
  }

  /** A pod as a Deployment makes it; not yet in the slice. */
  async addPod(service) {
    const number = this.#nextPod++;
    const name = `${service}-7d4b9c6f5d-${number.toString(36).padStart(5, 'x')}`;
    await this.api.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        labels: { app: service, 'pod-template-hash': '7d4b9c6f5d', 'app.kubernetes.io/name': service },
        annotations: { 'kubernetes.io/config.seen': '2026-01-01T00:00:00Z' },
      },
      spec: { nodeName: `node-${number % NODES}`, containers: [{ name: 'app', image: 'app:1' }] },
    });
    this.pods.get(service).push(`${name} ${number}`);
    return name;
  }

  /** Takes the oldest pod of a Service out; `writeSlice` tells. */
  async removePod(service) {
    const [name] = this.pods.get(service).shift().split(' ');
    await this.api.remove('v1', 'Pod', name);
  }

  async writeSlice(service) {
    await this.api.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${service}-abcde`, labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      ports: PORTS,
      endpoints: this.pods.get(service).map((entry) => {
        const [pod, text] = entry.split(' ');
        const number = Number(text);
        return {
          addresses: [`10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: `node-${number % NODES}`,
          zone: `zone-${(number % NODES) % 3}`,
          targetRef: { kind: 'Pod', name: pod, namespace: 'default', uid: `uid-${number}` },
        };
      }),
    });
  }
}
