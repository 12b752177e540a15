import type { HostPort } from '../parse-address.js';

/** The Service of the story and its gRPC port: a name and a number on the wire that nothing binds. */
export const SERVICE = 'native-tools-2';
export const SERVICE_PORT = 50051;

/** A running server process, as Kubernetes sees it. */
export interface Pod {
  readonly name: string;
  /** Where it serves gRPC. */
  readonly address: HostPort;
  /** Where it answers the kubelet, on the same host. */
  readonly httpPort: number;
}

/**
 * Pods are called `<deployment>-<hash of the pod template>-<random>`; an update of the Deployment has another
 * hash.
 */
export const FIRST_PODS: readonly string[] = ['x2x4z', '8kq7n', 'tvl5m'].map(
  (end) => `${SERVICE}-6c9f8d7b5-${end}`,
);
export const NEXT_PODS: readonly string[] = ['w6jzk', 'p4h2s', '9nd8r'].map(
  (end) => `${SERVICE}-7f5b9c4d8-${end}`,
);
