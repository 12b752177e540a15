/** A synthetic cluster: `services` Services with `endpoints` endpoints in all, as Kubernetes objects. */
export class SyntheticCluster {
  problems = [];
  ignored = [];
  fileCount = 0;
  ageMs = 0;
  #services;
  #slices;
  #objects;

  constructor(services, endpoints) {
    const each = Math.ceil(endpoints / services);
    this.#services = Array.from({ length: services }, (_, index) => loaded(serviceObject(index)));
    this.#slices = Array.from({ length: services }, (_, index) => {
      const count = Math.min(each, Math.max(0, endpoints - index * each));
      return Array.from({ length: Math.ceil(count / 100) }, (__, slice) =>
        loaded(sliceObject(index, slice, Math.min(100, count - slice * 100), 0)),
      );
    });
    this.#rebuild();
  }

  get objects() {
    return this.#objects;
  }

  /** Replaces one endpoint of a service: a pod goes, another comes. */
  replaceEndpoint(service, generation) {
    const slices = this.#slices[service];
    const at = generation % slices.length;
    const { object } = slices[at];
    const endpoints = [...object.endpoints];
    const index = Math.floor(generation / slices.length) % endpoints.length;
    endpoints[index] = endpointObject(service, at * 100 + index, generation);
    slices[at] = loaded({ ...object, endpoints });
    this.#rebuild();
  }

  #rebuild() {
    this.#objects = [...this.#services, ...this.#slices.flat()];
  }
}

const nothing = () => ({ line: 1, column: 1 });

function loaded(object) {
  const { kind, metadata } = object;
  return {
    key: `${kind} ${metadata.namespace}/${metadata.name}`,
    object,
    file: 'bench.yaml',
    line: 1,
    locate: nothing,
  };
}

function serviceObject(index) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: serviceName(index), namespace: 'default' },
    spec: {
      clusterIP: `10.96.${index >> 8}.${index & 255}`,
      ports: [{ name: 'grpc', port: 50051, protocol: 'TCP' }],
    },
  };
}

function sliceObject(service, slice, count, generation) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${serviceName(service)}-${slice}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': serviceName(service) },
    },
    addressType: 'IPv4',
    ports: [{ name: 'grpc', port: 50051, protocol: 'TCP' }],
    endpoints: Array.from({ length: count }, (_, index) =>
      endpointObject(service, slice * 100 + index, generation),
    ),
  };
}

function endpointObject(service, index, generation) {
  const id = (service * 7919 + index * 31 + generation * 104_729) % 0xffffff;
  return {
    addresses: [`10.${(id >> 16) & 255}.${(id >> 8) & 255}.${id & 255}`],
    conditions: { ready: true, serving: true, terminating: false },
    zone: `zone-${index % 3}`,
    targetRef: { kind: 'Pod', name: `${serviceName(service)}-${index}-${generation}`, namespace: 'default' },
  };
}

export function serviceName(index) {
  return `service-${index}`;
}
