import { INJECTION } from './annotations.js';
import type { Container, Pod } from './pod.js';
import { type PodSettings, podOverride, readPodSettings } from './pod-settings.js';
import type { InjectSettings } from './settings.js';

/** Names of the containers that the injector adds. */
export const PROXY_CONTAINER = 'weir-proxy';
export const CAPTURE_CONTAINER = 'weir-capture';

/** Sidecars of other meshes, which would capture the same traffic. */
const OTHER_MESHES: ReadonlyMap<string, string> = new Map([
  ['istio-proxy', 'Istio'],
  ['linkerd-proxy', 'Linkerd'],
  ['kuma-sidecar', 'Kuma'],
  ['consul-dataplane', 'Consul'],
]);

/** Whether a pod gets a sidecar. */
export type InjectionDecision =
  | { readonly kind: 'inject'; readonly settings: PodSettings }
  /** Nobody asked for one, or it has one. */
  | { readonly kind: 'skip'; readonly reason: string }
  /** One was asked for, and there can't be one; the pod stays as it is. */
  | { readonly kind: 'refuse'; readonly reason: string };

/**
 * Decides by the namespace's label and the pod's override, and by whether a sidecar could work in the pod.
 *
 * @param namespaceLabel what the pod's namespace has as `weir.dev/injection`
 */
export function decideInjection(
  pod: Pod,
  namespace: string,
  namespaceLabel: string | undefined,
  settings: InjectSettings,
): InjectionDecision {
  const metadata = pod.metadata ?? {};
  if (settings.systemNamespaces.includes(namespace)) {
    return { kind: 'skip', reason: `${namespace} is a system namespace` };
  }
  const override = podOverride(metadata);
  if (override !== undefined && override !== 'enabled' && override !== 'disabled') {
    return refuse(`${INJECTION}: '${override}' is neither enabled nor disabled`);
  }
  if (override === 'disabled') return { kind: 'skip', reason: `the pod says ${INJECTION}: disabled` };
  if (override === undefined && namespaceLabel !== 'enabled') {
    return { kind: 'skip', reason: `the namespace ${namespace} has no label ${INJECTION}=enabled` };
  }
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  if (all.some(({ name }) => name === PROXY_CONTAINER)) {
    return { kind: 'skip', reason: `it has a container ${PROXY_CONTAINER} already` };
  }
  const read = readPodSettings(metadata);
  if (!('capture' in read)) return refuse(read.join('; '));
  const obstacle = findObstacle(pod, all, read, settings);
  return obstacle === undefined ? { kind: 'inject', settings: read } : refuse(obstacle);
}

function refuse(reason: string): InjectionDecision {
  return { kind: 'refuse', reason };
}

function findObstacle(
  pod: Pod,
  containers: readonly Container[],
  { capture }: PodSettings,
  { proxyUid }: InjectSettings,
): string | undefined {
  if (pod.spec.hostNetwork === true) {
    return (
      'it has hostNetwork: true, so capturing its traffic would capture the node’s, and the sidecar’s ports would be ' +
      'the node’s; take it off, or use the library (@weir/client) or proxyless xDS'
    );
  }
  if (capture !== 'iptables') return undefined;
  for (const { name } of containers) {
    const mesh = OTHER_MESHES.get(name);
    if (mesh !== undefined) {
      return `it has ${mesh}’s sidecar (${name}), which captures the same traffic; take it off, or use weir.dev/capture: proxy-env`;
    }
  }
  const podUser = pod.spec.securityContext?.runAsUser;
  const same = containers.find(({ securityContext }) => (securityContext?.runAsUser ?? podUser) === proxyUid);
  return same === undefined
    ? undefined
    : `its container ${same.name} runs as user ${proxyUid}, which is the sidecar’s: its traffic would not be captured; give it another user`;
}
