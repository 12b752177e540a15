/** One kind of object the server has. */
export interface ResourceType {
  readonly group: string;
  /** The first is the one discovery prefers. */
  readonly versions: readonly string[];
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Has the subresource `status`, and keeps it apart from the rest. */
  readonly hasStatus: boolean;
  /** Has the subresource `scale`. */
  readonly hasScale: boolean;
  /** Made by a CustomResourceDefinition: knows no strategic merge patch. */
  readonly isCustom: boolean;
}

/** `endpointslices.discovery.k8s.io`; of the core group `services`. */
export function groupResource({ group, plural }: Pick<ResourceType, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

export function apiVersionOf({ group }: Pick<ResourceType, 'group'>, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

interface Extra {
  readonly shortNames?: readonly string[];
  readonly plural?: string;
  readonly namespaced?: boolean;
  readonly hasStatus?: boolean;
  readonly hasScale?: boolean;
}

function builtIn(apiVersion: string, kind: string, extra: Extra = {}): ResourceType {
  const slash = apiVersion.indexOf('/');
  const singular = kind.toLowerCase();
  return {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    versions: [apiVersion.slice(slash + 1)],
    kind,
    plural: extra.plural ?? `${singular}s`,
    singular,
    shortNames: extra.shortNames ?? [],
    namespaced: extra.namespaced ?? true,
    hasStatus: extra.hasStatus ?? false,
    hasScale: extra.hasScale ?? false,
    isCustom: false,
  };
}

const CLUSTER = { namespaced: false };
const WORKLOAD = { hasStatus: true, hasScale: true };
const RBAC = 'rbac.authorization.k8s.io/v1';
const ADMISSION = 'admissionregistration.k8s.io/v1';

/** The kinds of a real cluster that tests have met a need for. */
export const BUILT_IN_TYPES: readonly ResourceType[] = [
  builtIn('v1', 'Namespace', { ...CLUSTER, shortNames: ['ns'], hasStatus: true }),
  builtIn('v1', 'Node', { ...CLUSTER, shortNames: ['no'], hasStatus: true }),
  builtIn('v1', 'Pod', { shortNames: ['po'], hasStatus: true }),
  builtIn('v1', 'Service', { shortNames: ['svc'], hasStatus: true }),
  builtIn('v1', 'ServiceAccount', { shortNames: ['sa'] }),
  builtIn('v1', 'ConfigMap', { shortNames: ['cm'] }),
  builtIn('v1', 'Secret'),
  builtIn('v1', 'Event', { shortNames: ['ev'] }),
  builtIn('apps/v1', 'Deployment', { ...WORKLOAD, shortNames: ['deploy'] }),
  builtIn('apps/v1', 'ReplicaSet', { ...WORKLOAD, shortNames: ['rs'] }),
  builtIn('apps/v1', 'StatefulSet', { ...WORKLOAD, shortNames: ['sts'] }),
  builtIn('apps/v1', 'DaemonSet', { hasStatus: true, shortNames: ['ds'] }),
  builtIn('batch/v1', 'Job', { hasStatus: true }),
  builtIn('batch/v1', 'CronJob', { hasStatus: true, shortNames: ['cj'] }),
  builtIn('discovery.k8s.io/v1', 'EndpointSlice'),
  builtIn('coordination.k8s.io/v1', 'Lease'),
  builtIn('networking.k8s.io/v1', 'NetworkPolicy', { plural: 'networkpolicies', shortNames: ['netpol'] }),
  builtIn('policy/v1', 'PodDisruptionBudget', { hasStatus: true, shortNames: ['pdb'] }),
  builtIn(RBAC, 'Role'),
  builtIn(RBAC, 'RoleBinding'),
  builtIn(RBAC, 'ClusterRole', CLUSTER),
  builtIn(RBAC, 'ClusterRoleBinding', CLUSTER),
  builtIn(ADMISSION, 'MutatingWebhookConfiguration', CLUSTER),
  builtIn(ADMISSION, 'ValidatingWebhookConfiguration', CLUSTER),
  builtIn('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
    ...CLUSTER,
    hasStatus: true,
    shortNames: ['crd', 'crds'],
  }),
];
