/**
 * Whether an endpoint may be given new requests. Only `healthy` ones are picked; a `draining` one finishes
 * what it has. Envoy's `HealthStatus`, with UNKNOWN read as healthy and everything else as unhealthy.
 */
export type EndpointHealth = 'healthy' | 'unhealthy' | 'draining';

/** One address of a cluster as the control plane describes it. A value: an update brings a new one. */
export interface Endpoint {
  /** `10.0.0.7:50051`, an IPv6 host in brackets. THE key: what has the same address is the same endpoint. */
  readonly address: string;
  /** The host alone, an IPv6 one without brackets. */
  readonly host: string;
  readonly port: number;
  /** Share of the requests in relation to the other endpoints of the cluster; an integer of at least 1. */
  readonly weight: number;
  readonly health: EndpointHealth;
  /** `region/zone/subzone`; empty when unknown. */
  readonly locality: string;
  /** Name of the pod, for people; empty when unknown. */
  readonly pod: string;
  /** 0, the default, is used first; others as those before them fail (`LocalityLbEndpoints.priority`). */
  readonly priority?: number;
  /**
   * Share of its locality in relation to the other localities of its priority, where localities have shares;
   * default 0: none (`LocalityLbEndpoints.load_balancing_weight`).
   */
  readonly localityWeight?: number;
  /**
   * Names of the zones whose callers are to prefer it (EndpointSlice `hints.forZones`); default: no such hint.
   */
  readonly forZones?: readonly string[] | undefined;
}

/** Whether two endpoints agree in everything, not only in their address. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.address === b.address &&
    a.host === b.host &&
    a.port === b.port &&
    a.weight === b.weight &&
    a.health === b.health &&
    a.locality === b.locality &&
    a.pod === b.pod &&
    (a.priority ?? 0) === (b.priority ?? 0) &&
    (a.localityWeight ?? 0) === (b.localityWeight ?? 0) &&
    sameNames(a.forZones, b.forZones)
  );
}

function sameNames(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
