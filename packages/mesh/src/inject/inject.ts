import { STATUS } from './annotations.js';
import { captureContainer, proxyContainer } from './proxy-container.js';
import type { Container, EnvVar, Pod } from './pod.js';
import type { PodSettings } from './pod-settings.js';
import { type ReplacedProbe, replaceProbes } from './probes.js';
import { type InjectSettings, PORTS } from './settings.js';

/** The pod with its sidecar. Nothing that was there is taken away; the given pod is not changed. */
export function inject(pod: Pod, pods: PodSettings, settings: InjectSettings): Pod {
  const { spec, metadata } = pod;
  const adapted = spec.containers.map((container) => adapt(container, pods));
  const probes = adapted.flatMap(({ replaced }) => replaced);
  return {
    ...pod,
    metadata: {
      ...metadata,
      annotations: { ...metadata?.annotations, [STATUS]: `injected, capture: ${pods.capture}` },
    },
    spec: {
      ...spec,
      initContainers: [
        ...(pods.capture === 'iptables' ? [captureContainer(pods, settings)] : []),
        proxyContainer(pod, pods, probes, settings),
        // After the sidecar, so that what they call is balanced too.
        ...(spec.initContainers ?? []).map((container) => withProxyEnv(container, pods)),
      ],
      containers: adapted.map(({ container }) => container),
    },
  };
}

function adapt(
  container: Container,
  pods: PodSettings,
): { readonly container: Container; readonly replaced: readonly ReplacedProbe[] } {
  if (pods.capture === 'iptables') return replaceProbes(container, pods.excludeInboundPorts);
  return { container: withProxyEnv(container, pods), replaced: [] };
}

const PROXY_URL = `http://127.0.0.1:${PORTS.outbound}`;
/** What gRPC libraries read: C-core `grpc_proxy`, `https_proxy`; Go, Java and Node `https_proxy`. */
const PROXY_ENV: readonly EnvVar[] = [
  { name: 'grpc_proxy', value: PROXY_URL },
  { name: 'https_proxy', value: PROXY_URL },
  { name: 'HTTPS_PROXY', value: PROXY_URL },
  { name: 'no_proxy', value: 'localhost,127.0.0.1,::1,kubernetes.default.svc' },
];

/** With `proxy-env`, tells the container's gRPC clients of the sidecar; what it sets itself stays. */
function withProxyEnv(container: Container, { capture }: PodSettings): Container {
  if (capture !== 'proxy-env') return container;
  const own = container.env ?? [];
  const added = PROXY_ENV.filter(({ name }) => !own.some((variable) => variable.name === name));
  return { ...container, env: [...own, ...added] };
}
