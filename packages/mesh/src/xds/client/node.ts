import type { Locality, Node } from '../generated/envoy.config.core.v3.js';
import { structOf, type JsonObject } from '../struct.js';

/** Who a client is; the control plane chooses the configuration by it. */
export interface NodeIdentity {
  /** e.g. `sidecar~10.0.0.7~web-1.default~default.svc.cluster.local` */
  readonly id: string;
  readonly cluster?: string;
  /** e.g. `{ NAMESPACE: 'default', CLUSTER_DOMAIN: 'cluster.local', LABELS: { app: 'web' } }` */
  readonly metadata?: JsonObject;
  /** Default: unknown. */
  readonly locality?: Locality | undefined;
  /** Default `weir`. */
  readonly userAgentName?: string;
  readonly userAgentVersion?: string;
}

export function nodeMessage(identity: NodeIdentity): Node {
  const { id, cluster, metadata, locality, userAgentName = 'weir', userAgentVersion } = identity;
  return { id, cluster, metadata: metadata && structOf(metadata), locality, userAgentName, userAgentVersion };
}
