import { CAPTURE_CONTAINER, PROXY_CONTAINER } from './decide-injection.js';
import type { Container, Pod, SecurityContext } from './pod.js';
import type { PodSettings } from './pod-settings.js';
import type { ReplacedProbe } from './probes.js';
import { type InjectSettings, PORTS } from './settings.js';

/** Kubernetes' own default of `terminationGracePeriodSeconds`. */
const DEFAULT_GRACE_SECONDS = 30;
/** What is kept of the grace period for ending once everything is drained. */
const RESERVED_SECONDS = 5;

/**
 * The sidecar: an init container that is restarted always, which Kubernetes starts before the application, ends
 * after it, and does not wait for when a job is done (KEP-753).
 */
export function proxyContainer(
  pod: Pod,
  pods: PodSettings,
  probes: readonly ReplacedProbe[],
  settings: InjectSettings,
): Container {
  const { spec, metadata = {} } = pod;
  const graceSeconds = spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  const labels = Object.entries(metadata.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const args = [
    'proxy',
    `--xds=${settings.xds}`,
    '--namespace=$(POD_NAMESPACE)',
    '--node-id=sidecar~$(POD_IP)~$(POD_NAME).$(POD_NAMESPACE)~$(POD_NAMESPACE).svc.cluster.local',
    ...labels.map(([key, value]) => `--label=${key}=${value}`),
    `--status=*:${PORTS.status}`,
    `--metrics=*:${PORTS.metrics}`,
    // One knob: whoever gives the pod more time to end gives its streams more time to end.
    `--drain-time=${Math.max(1, graceSeconds - RESERVED_SECONDS)}s`,
    ...captureArgs(pods),
    ...probes.map(({ path, port }) => `--app-probe=${path}=${port}`),
  ];
  return {
    name: PROXY_CONTAINER,
    image: settings.image,
    args,
    restartPolicy: 'Always',
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    ],
    ports: [
      { name: 'weir-metrics', containerPort: PORTS.metrics, protocol: 'TCP' },
      { name: 'weir-status', containerPort: PORTS.status, protocol: 'TCP' },
    ],
    // The application starts when the sidecar knows where calls go, and not before.
    startupProbe: {
      httpGet: { path: '/ready', port: PORTS.status },
      periodSeconds: 1,
      failureThreshold: 600,
    },
    readinessProbe: {
      httpGet: { path: '/ready', port: PORTS.status },
      periodSeconds: 10,
      failureThreshold: 3,
    },
    resources: {
      requests: { cpu: pods.cpu ?? settings.cpuRequest, memory: pods.memory ?? settings.memoryRequest },
      limits: { memory: pods.memory ?? settings.memoryLimit },
    },
    securityContext: {
      runAsUser: settings.proxyUid,
      runAsGroup: settings.proxyUid,
      runAsNonRoot: true,
      ...LOCKED_DOWN,
      capabilities: { drop: ['ALL'] },
    },
  };
}

/** What the *restricted* Pod Security level asks of a container, besides its user. */
const LOCKED_DOWN: SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

function captureArgs({ capture, listen }: PodSettings): readonly string[] {
  switch (capture) {
    case 'iptables':
      return ['--capture'];
    case 'proxy-env':
      return [`--outbound=127.0.0.1:${PORTS.outbound}`];
    case 'explicit':
      return listen.map((rule) => `--listen=${rule}`);
  }
}

/** The step before everything else that redirects the pod's traffic; the only one with a privilege. */
export function captureContainer(pods: PodSettings, settings: InjectSettings): Container {
  const { excludeInboundPorts, excludeOutboundCidrs, excludeOutboundPorts } = pods;
  const list = (option: string, values: readonly (string | number)[]): readonly string[] =>
    values.length === 0 ? [] : [`--${option}=${values.join(',')}`];
  return {
    name: CAPTURE_CONTAINER,
    image: settings.image,
    args: [
      'capture-init',
      `--proxy-uid=${settings.proxyUid}`,
      ...list('exclude-outbound-ports', excludeOutboundPorts),
      ...list('exclude-outbound-cidrs', excludeOutboundCidrs),
      ...list('exclude-inbound-ports', excludeInboundPorts),
    ],
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
    securityContext: {
      // The kernel's tables can be written by root with NET_ADMIN alone, and by nobody else.
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      ...LOCKED_DOWN,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
    },
  };
}
