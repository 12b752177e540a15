import { stringify } from 'yaml';
import { istioCustomResources, ownCustomResources } from './custom-resources.js';
import { installManifests } from './install-manifests.js';
import { defaultInstallSettings, type InstallSettings, type Manifest } from './settings.js';

/** What stands where a chart's value goes: no setting looks like it, and it is as good as a name to the templates. */
const PLACEHOLDERS = {
  namespace: 'helm-release-namespace',
  image: 'helm-values-image',
} as const;

/** Templates that are there only if. */
const CONDITIONS: ReadonlyMap<string, string> = new Map([
  ['PodDisruptionBudget', 'gt (int .Values.replicas) 1'],
  ['ValidatingWebhookConfiguration', '.Values.validate'],
]);

/**
 * The Helm chart, made of the same manifests as `weir install`: files by their path in the chart's folder. CRDs go
 * where Helm installs them only if they are absent.
 */
export function helmChart(version: string): ReadonlyMap<string, string> {
  const settings: InstallSettings = { ...defaultInstallSettings, ...PLACEHOLDERS };
  const { image, replicas, failurePolicy, validate } = defaultInstallSettings;
  const files = new Map<string, string>([
    [
      'Chart.yaml',
      yaml({
        apiVersion: 'v2',
        name: 'weir',
        description: 'Per-request gRPC load balancing: control plane and sidecar injection',
        type: 'application',
        version,
        appVersion: version,
        kubeVersion: '>=1.29.0-0',
      }),
    ],
    ['values.yaml', valuesYaml({ image, replicas, failurePolicy, validate })],
  ]);
  for (const crd of [...ownCustomResources(), ...istioCustomResources()]) {
    files.set(`crds/${crd.metadata.name}.yaml`, yaml(crd));
  }
  for (const manifest of installManifests(settings)) {
    // Helm makes the namespace (--create-namespace) and looks after the CRDs.
    if (manifest.kind === 'Namespace' || manifest.kind === 'CustomResourceDefinition') continue;
    files.set(`templates/${fileName(manifest)}`, template(manifest));
  }
  return files;
}

function fileName({ kind, metadata }: Manifest): string {
  return `${metadata.name}.${kind.toLowerCase()}.yaml`;
}

function template(manifest: Manifest): string {
  const text = yaml(manifest)
    .replaceAll(PLACEHOLDERS.namespace, '{{ .Release.Namespace }}')
    .replaceAll(PLACEHOLDERS.image, '{{ .Values.image }}')
    .replace(/^( *replicas:) \d+$/m, '$1 {{ .Values.replicas }}')
    .replaceAll(/^( *failurePolicy:) Fail$/gm, '$1 {{ .Values.failurePolicy }}')
    // Braces at the beginning of a value would be a mapping to YAML.
    .replaceAll(
      /^(\s*(?:- )?(?:[\w.-]+: )?)(\{\{ .* \}\}[^\n]*)$/gm,
      (line, before: string, value: string) =>
        before.trimEnd().endsWith('replicas:') ? line : `${before}'${value}'`,
    );
  const condition = CONDITIONS.get(manifest.kind);
  return condition === undefined ? text : `{{- if ${condition} }}\n${text}{{- end }}\n`;
}

function valuesYaml(
  values: Pick<InstallSettings, 'image' | 'replicas' | 'failurePolicy' | 'validate'>,
): string {
  return `# The image of control plane and sidecars.
image: ${values.image}
# Replicas of the control plane.
replicas: ${values.replicas}
# Whether pods of labelled namespaces wait for a control plane (Fail), or start without a sidecar (Ignore), while there is none.
failurePolicy: ${values.failurePolicy}
# Whether objects that weir analyze calls wrong are refused when they are written.
validate: ${values.validate}
`;
}

function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
