import { type InstallSettings, LABELS, type Manifest, NAMES } from './settings.js';

const READ = ['get', 'list', 'watch'];

/** The control plane's account, and what it may do: read what it serves, and write what is its own. */
export function accessManifests({ namespace }: InstallSettings): readonly Manifest[] {
  const subjects = [{ kind: 'ServiceAccount', name: NAMES.control, namespace }];
  const ref = (kind: string): object => ({
    apiGroup: 'rbac.authorization.k8s.io',
    kind,
    name: NAMES.control,
  });
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: NAMES.control, namespace, labels: LABELS },
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: NAMES.control, labels: LABELS },
      rules: [
        { apiGroups: [''], resources: ['services', 'pods', 'nodes', 'namespaces'], verbs: READ },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
        {
          apiGroups: ['networking.istio.io'],
          resources: ['virtualservices', 'destinationrules', 'serviceentries'],
          verbs: READ,
        },
        { apiGroups: ['weir.dev'], resources: ['grpcpolicies'], verbs: READ },
        {
          apiGroups: ['networking.istio.io'],
          resources: ['virtualservices/status', 'destinationrules/status', 'serviceentries/status'],
          verbs: ['patch'],
        },
        { apiGroups: ['weir.dev'], resources: ['grpcpolicies/status'], verbs: ['patch'] },
        {
          apiGroups: ['admissionregistration.k8s.io'],
          resources: ['mutatingwebhookconfigurations'],
          resourceNames: [NAMES.injector],
          verbs: ['get', 'patch'],
        },
        {
          apiGroups: ['admissionregistration.k8s.io'],
          resources: ['validatingwebhookconfigurations'],
          resourceNames: [NAMES.validator],
          verbs: ['get', 'patch'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: NAMES.control, labels: LABELS },
      roleRef: ref('ClusterRole'),
      subjects,
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: NAMES.control, namespace, labels: LABELS },
      rules: [
        // Secret and Lease are installed empty, so that nothing has to be created.
        {
          apiGroups: [''],
          resources: ['secrets'],
          resourceNames: [NAMES.certificate],
          verbs: ['get', 'patch'],
        },
        {
          apiGroups: ['coordination.k8s.io'],
          resources: ['leases'],
          resourceNames: [NAMES.control],
          verbs: ['get', 'update'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: NAMES.control, namespace, labels: LABELS },
      roleRef: ref('Role'),
      subjects,
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: NAMES.certificate, namespace, labels: LABELS },
      type: 'Opaque',
    },
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: NAMES.control, namespace, labels: LABELS },
      spec: {},
    },
  ];
}
