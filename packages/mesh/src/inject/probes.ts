import type { Container, Probe } from './pod.js';
import { PORTS } from './settings.js';

/** A probe that the sidecar carries out in the kubelet's place. */
export interface ReplacedProbe {
  /** The path at which the sidecar is asked. */
  readonly path: string;
  /** The application's port that it then connects to. */
  readonly port: number;
}

const KINDS = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

/**
 * Replaces the probes that capture would break. The kubelet's connection ends at the sidecar, which accepts it
 * whether the application is up or not: a probe of nothing but the connection would always succeed. So the
 * kubelet asks the sidecar, and the sidecar connects to the application. HTTP and gRPC probes pass through the
 * sidecar, and fail there when the application does.
 *
 * @param excludedPorts which are not captured, so that nothing is to be replaced
 */
export function replaceProbes(
  container: Container,
  excludedPorts: readonly number[],
): { readonly container: Container; readonly replaced: readonly ReplacedProbe[] } {
  const replaced: ReplacedProbe[] = [];
  const changes: { [Kind in (typeof KINDS)[number]]?: Probe } = {};
  for (const kind of KINDS) {
    const probe = container[kind];
    const port = probe?.tcpSocket && portNumber(container, probe.tcpSocket.port);
    if (probe === undefined || port === undefined || excludedPorts.includes(port)) continue;
    const path = `/app-health/${container.name}/${kind}`;
    const { tcpSocket: _, ...rest } = probe;
    changes[kind] = { httpGet: { path, port: PORTS.status }, ...rest };
    replaced.push({ path, port });
  }
  return { container: { ...container, ...changes }, replaced };
}

/** `undefined` for a name that no port of the container has: such a probe fails with or without a sidecar. */
function portNumber({ ports = [] }: Container, port: number | string): number | undefined {
  if (typeof port === 'number') return port;
  return ports.find(({ name }) => name === port)?.containerPort;
}
