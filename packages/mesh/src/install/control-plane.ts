import { CONTROL_LABELS, type InstallSettings, LABELS, type Manifest, NAMES } from './settings.js';

const PORTS = { xds: 15010, http: 15014, webhook: 15017 } as const;

/** The user of the image, and nobody else's. */
const UID = 1337;

/** The control plane: its Deployment, what keeps it available, and the Services it is reached by. */
export function controlPlaneManifests(settings: InstallSettings): readonly Manifest[] {
  const { namespace, replicas } = settings;
  const metadata = { name: NAMES.control, namespace, labels: CONTROL_LABELS };
  const selector = {
    matchLabels: { 'app.kubernetes.io/name': 'weir', 'app.kubernetes.io/component': 'control' },
  };
  const manifests: Manifest[] = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        selector: selector.matchLabels,
        ports: [
          // Not to be balanced per request by those whom it tells how to.
          { name: 'tcp-xds', port: PORTS.xds, targetPort: 'xds' },
          { name: 'http-status', port: PORTS.http, targetPort: 'http' },
          { name: 'https-webhook', port: 443, targetPort: 'webhook' },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas,
        selector,
        // A new one is there before an old one goes: sidecars move over without a pause.
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: {
            labels: CONTROL_LABELS,
            annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(PORTS.http) },
          },
          spec: podSpec(settings, selector),
        },
      },
    },
  ];
  // With one replica it would only keep nodes from being drained.
  if (replicas > 1) {
    manifests.push({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: NAMES.control, namespace, labels: LABELS },
      spec: { maxUnavailable: 1, selector },
    });
  }
  return manifests;
}

function podSpec({ image, namespace }: InstallSettings, labelSelector: object): object {
  const spread = (topologyKey: string): object => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector,
  });
  return {
    serviceAccountName: NAMES.control,
    priorityClassName: 'system-cluster-critical',
    topologySpreadConstraints: [spread('kubernetes.io/hostname'), spread('topology.kubernetes.io/zone')],
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      runAsGroup: UID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'control',
        image,
        args: [
          'control',
          `--xds=*:${PORTS.xds}`,
          `--http=*:${PORTS.http}`,
          `--webhook=*:${PORTS.webhook}`,
          `--image=${image}`,
          `--control-namespace=${namespace}`,
        ],
        env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        ports: Object.entries(PORTS).map(([name, containerPort]) => ({
          name,
          containerPort,
          protocol: 'TCP',
        })),
        startupProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1, failureThreshold: 120 },
        readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5, failureThreshold: 2 },
        resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  };
}
