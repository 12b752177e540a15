/** What users write on a pod, its template or its namespace to steer the injection. */

/**
 * On a namespace, the label that asks for sidecars (`enabled`); on a pod, label or annotation that overrides it
 * (`enabled` or `disabled`).
 */
export const INJECTION = 'weir.dev/injection';
/** How the pod's traffic reaches the sidecar: `iptables` (default), `proxy-env` or `explicit`. */
export const CAPTURE = 'weir.dev/capture';
/** With `explicit`: what `weir proxy --listen` takes, separated by commas. */
export const LISTEN = 'weir.dev/listen';
/** Ports that are not captured on the way out, separated by commas. */
export const EXCLUDE_OUTBOUND_PORTS = 'weir.dev/exclude-outbound-ports';
/** Networks that are not captured on the way out, in CIDR notation, separated by commas. */
export const EXCLUDE_OUTBOUND_CIDRS = 'weir.dev/exclude-outbound-cidrs';
/** Ports that are not captured on the way in, separated by commas. */
export const EXCLUDE_INBOUND_PORTS = 'weir.dev/exclude-inbound-ports';
/** CPU that the sidecar asks for, as a Kubernetes quantity. */
export const PROXY_CPU = 'weir.dev/proxy-cpu';
/** Memory that the sidecar asks for and its limit, as a Kubernetes quantity. */
export const PROXY_MEMORY = 'weir.dev/proxy-memory';
/** Set by the injector: what it did. */
export const STATUS = 'weir.dev/status';

/** Every annotation of Weir's that a pod may have, for telling a misspelt one. */
export const POD_ANNOTATIONS: readonly string[] = [
  INJECTION,
  CAPTURE,
  LISTEN,
  EXCLUDE_OUTBOUND_PORTS,
  EXCLUDE_OUTBOUND_CIDRS,
  EXCLUDE_INBOUND_PORTS,
  PROXY_CPU,
  PROXY_MEMORY,
  STATUS,
];
