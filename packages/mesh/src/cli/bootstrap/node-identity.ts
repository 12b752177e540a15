import type { NodeIdentity } from '../../xds/client/node.js';
import type { Locality } from '../../xds/generated/envoy.config.core.v3.js';
import type { JsonObject } from '../../xds/struct.js';
import type { Labels } from '../parse-node.js';

/** Who asks for configuration with a bootstrap file. */
export interface BootstrapIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: string;
  readonly ip: string;
  readonly labels: Labels;
  readonly locality: Locality | undefined;
}

/** Istio's form of a node: the control plane finds in it the namespace, the labels and the place. */
export function nodeOf(
  kind: 'proxyless' | 'sidecar',
  { namespace, serviceAccount, pod, ip, labels, locality }: BootstrapIdentity,
): NodeIdentity & { readonly metadata: JsonObject } {
  return {
    id: `${kind}~${ip}~${pod}.${namespace}~${namespace}.svc.cluster.local`,
    cluster: `${serviceAccount}.${namespace}`,
    metadata: { NAMESPACE: namespace, SERVICE_ACCOUNT: serviceAccount, LABELS: labels },
    locality,
  };
}
