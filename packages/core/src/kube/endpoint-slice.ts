/** The label that says which Service a slice belongs to (Kubernetes `discoveryv1.LabelServiceName`). */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** What is used of a `discovery.k8s.io/v1` EndpointSlice. */
export interface EndpointSlice {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

export interface SlicePort {
  readonly name?: string | undefined;
  readonly port?: number | undefined;
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: SliceConditions | undefined;
  readonly hints?: { readonly forZones?: readonly { readonly name: string }[] | undefined } | undefined;
  /** What the endpoint is called under the name of a headless Service. */
  readonly hostname?: string | undefined;
  readonly nodeName?: string | undefined;
  readonly targetRef?:
    | {
        readonly kind?: string | undefined;
        readonly name?: string | undefined;
        readonly namespace?: string | undefined;
      }
    | undefined;
  readonly zone?: string | undefined;
}

export interface SliceConditions {
  readonly ready?: boolean | undefined;
  readonly serving?: boolean | undefined;
  readonly terminating?: boolean | undefined;
}
