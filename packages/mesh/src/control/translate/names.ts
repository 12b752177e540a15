/** Names as Istio gives them, so that people and their tools find what they know. */

/** `outbound|50051||greeter.default.svc.cluster.local`; between the bars stands the subset, if any. */
export function clusterName(host: string, port: number, subset = ''): string {
  return `outbound|${port}|${subset}|${host}`;
}

/** `0.0.0.0_50051`. */
export function listenerName(port: number): string {
  return `0.0.0.0_${port}`;
}

/** A route configuration is named by the port it is for. */
export function routeConfigurationName(port: number): string {
  return String(port);
}

export interface ClusterNameParts {
  readonly port: number;
  /** `''`: the whole service. */
  readonly subset: string;
  readonly host: string;
}

/** Reads a name that `clusterName` made; undefined for any other. */
export function parseClusterName(name: string): ClusterNameParts | undefined {
  const [direction, port = '', subset = '', host = ''] = name.split('|');
  if (direction !== 'outbound' || !/^\d+$/.test(port) || host === '') return undefined;
  return { port: Number(port), subset, host };
}

/**
 * Splits what a client calls, `greeter.default:50051`, into host and port; the port is undefined where none is given,
 * and an IPv6 address may stand in brackets.
 */
export function parseTarget(name: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(name) ?? [];
  return { host: (bracketed ?? plain).toLowerCase(), port: port === undefined ? undefined : Number(port) };
}
