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
