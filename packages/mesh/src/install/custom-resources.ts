import { LABELS, type Manifest } from './settings.js';

interface Kind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly versions: readonly string[];
  /** Paths shown by `kubectl get`. */
  readonly columns: readonly { readonly name: string; readonly jsonPath: string }[];
}

const GRPC_POLICY: Kind = {
  group: 'weir.dev',
  kind: 'GRPCPolicy',
  plural: 'grpcpolicies',
  shortNames: ['grpcp'],
  versions: ['v1'],
  columns: [{ name: 'Accepted', jsonPath: '.status.conditions[?(@.type=="Accepted")].status' }],
};

/** Of Istio's kinds those that Weir reads, in the versions that Istio has them in; the first one is stored. */
const ISTIO_VERSIONS = ['v1', 'v1beta1', 'v1alpha3'];
const ISTIO_KINDS: readonly Kind[] = [
  {
    group: 'networking.istio.io',
    kind: 'VirtualService',
    plural: 'virtualservices',
    shortNames: ['vs'],
    versions: ISTIO_VERSIONS,
    columns: [{ name: 'Hosts', jsonPath: '.spec.hosts' }],
  },
  {
    group: 'networking.istio.io',
    kind: 'DestinationRule',
    plural: 'destinationrules',
    shortNames: ['dr'],
    versions: ISTIO_VERSIONS,
    columns: [{ name: 'Host', jsonPath: '.spec.host' }],
  },
  {
    group: 'networking.istio.io',
    kind: 'ServiceEntry',
    plural: 'serviceentries',
    shortNames: ['se'],
    versions: ISTIO_VERSIONS,
    columns: [{ name: 'Hosts', jsonPath: '.spec.hosts' }],
  },
];

/** The CRDs of Weir's own kinds. */
export function ownCustomResources(): readonly Manifest[] {
  return [customResource(GRPC_POLICY)];
}

/** Stand-ins for Istio's CRDs, for clusters that have never had an Istio. */
export function istioCustomResources(): readonly Manifest[] {
  return ISTIO_KINDS.map(customResource);
}

/**
 * The schema says no more than that there is a spec: fields are judged by the validating webhook and by `weir
 * analyze`, in one place, with the same words, and with the line where there is a file.
 */
function customResource({ group, kind, plural, shortNames, versions, columns }: Kind): Manifest {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: LABELS },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames,
        categories: ['weir'],
      },
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
        subresources: { status: {} },
        additionalPrinterColumns: [
          ...columns.map((column) => ({ ...column, type: 'string' })),
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      })),
    },
  };
}
