import type { Clock, Random } from '@weir/core';
import {
  type EndpointSlice,
  formatFailure,
  type KubeApiObject,
  type KubeTransport,
  Reflector,
  type ReflectorFailure,
  SERVICE_NAME_LABEL,
} from '@weir/core/kube';
import { ENDPOINT_SLICES, toEndpointSlice } from '../kube/endpoint-slices.js';
import type { K8sTarget } from './k8s-target.js';
import type { ResolverListener } from './resolver.js';
import { choosePort, endpointsOf, portsByNumber } from './service-endpoints.js';

export interface FollowOptions {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly target: K8sTarget;
  readonly namespace: string;
  /** The caller's; empty: unknown. */
  readonly zone: string;
  readonly listener: ResolverListener;
  /** Something that does no harm yet, and should be known. */
  readonly warn: (message: string) => void;
}

/** Of one outage; further ones say nothing new. */
const MAX_WARNINGS = 4;

const SERVICES = { group: '', version: 'v1', plural: 'services' };

/**
 * Follows the EndpointSlices of a Service. A request that fails changes nothing: what is known stays in force,
 * and is told of by `warn`; only while nothing is known yet is it the listener's business.
 *
 * @returns stops
 */
export function followService(options: FollowOptions): () => void {
  const { transport, clock, random, target, namespace, zone, listener, warn } = options;
  const name = `${target.service}.${namespace}`;
  /** The names of the Service's ports by number, once they were needed and asked for. */
  let portNames: ReadonlyMap<number, string> | undefined;
  let isAsking = false;
  let isClosed = false;
  /** What was warned of since all was well. */
  const warned = new Set<string>();

  const reflector = new Reflector<EndpointSlice>({
    transport,
    clock,
    random,
    resource: ENDPOINT_SLICES,
    namespace,
    labelSelector: `${SERVICE_NAME_LABEL}=${target.service}`,
    strip: toEndpointSlice,
    onChange: publish,
    onFailure: failed,
    onRecovered: () => warned.clear(),
  });

  function publish(): void {
    const slices = [...reflector.objects.values()];
    const choice = choosePort(slices, target.port);
    if ('unknown' in choice) return listener.failed(`k8s: Service ${name} has ${choice.unknown}`);
    if ('name' in choice) return found(slices, choice.name);
    const port = target.port as number;
    if (portNames === undefined) return askService(port);
    const portName = portNames.get(port);
    if (portName !== undefined) return found(slices, portName);
    // Without the Service, the number on the pods is the best guess there is.
    const [first, ...others] = portsByNumber(slices, port);
    if (first !== undefined && others.length === 0) return found(slices, first);
    listener.failed(
      `k8s: Service ${name} has no port ${port}; it has ${choice.ambiguous.join(', ')}: name one in the target`,
    );
  }

  function found(slices: readonly EndpointSlice[], portName: string): void {
    const note =
      slices.length === 0
        ? `Service ${name} has no EndpointSlice: it does not exist, or selects no pod`
        : `no endpoint of Service ${name} is ready`;
    listener.found(endpointsOf(slices, portName, zone), note);
  }

  function askService(port: number): void {
    if (isAsking) return;
    isAsking = true;
    const path = `/api/v1/namespaces/${namespace}/services`;
    const params = { fieldSelector: `metadata.name=${target.service}` };
    transport.list({ path, params, metadataOnly: false }, ({ list, error }) => {
      isAsking = false;
      if (isClosed) return;
      if (error !== undefined) {
        const failure = {
          verb: 'list',
          resource: SERVICES,
          namespace,
          error,
          attempt: 1,
          retryInMs: 0,
        } as const;
        warn(
          `k8s: which port of Service ${name} is ${port} is not known, so it is taken for the pods' port. ` +
            formatFailure(failure),
        );
      }
      portNames = new Map(list?.items.flatMap(portsOfService));
      publish();
    });
  }

  function failed(failure: ReflectorFailure): void {
    const message = `k8s: Service ${name}: ${formatFailure(failure)}`;
    if (!reflector.isSynced) return listener.failed(message);
    // Watches end and are renewed all the time; what lasts is worth a word.
    if (failure.attempt < 3 || warned.size >= MAX_WARNINGS || warned.has(message)) return;
    warned.add(message);
    warn(`${message}. The endpoints known so far stay in use`);
  }

  reflector.start();
  return () => {
    isClosed = true;
    reflector.close();
  };
}

function portsOfService(service: KubeApiObject): [number, string][] {
  const { ports = [] } = (service['spec'] ?? {}) as { ports?: { name?: string; port?: number }[] };
  return ports.flatMap(({ name = '', port }): [number, string][] =>
    port === undefined ? [] : [[port, name]],
  );
}
