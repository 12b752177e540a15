/** What `weir install` is told. */
export interface InstallSettings {
  readonly namespace: string;
  readonly image: string;
  /** Replicas of the control plane. All serve, one holds the lease for what is written. */
  readonly replicas: number;
  /** Whether the CRDs of `networking.istio.io` that Weir reads are installed, too. */
  readonly istioCrds: boolean;
  /** What becomes of pods in labelled namespaces while no control plane answers. */
  readonly failurePolicy: 'Fail' | 'Ignore';
  /** Whether objects that `weir analyze` calls wrong are refused when they are written. */
  readonly validate: boolean;
}

export const defaultInstallSettings: InstallSettings = {
  namespace: 'weir-system',
  image: 'weir:latest',
  replicas: 2,
  istioCrds: false,
  failurePolicy: 'Fail',
  validate: true,
};

/** A Kubernetes object as it is written into YAML. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Names that the control plane finds its own objects by. */
export const NAMES = {
  control: 'weir-control',
  injector: 'weir-injector',
  validator: 'weir-validator',
  /** The Secret with the certificate of both webhooks. */
  certificate: 'weir-webhook',
} as const;

/** Of everything that Weir installs, so that it can be found and taken away. */
export const LABELS = {
  'app.kubernetes.io/name': 'weir',
  'app.kubernetes.io/part-of': 'weir',
  'app.kubernetes.io/managed-by': 'weir',
} as const;

/** Of the control plane's pods. */
export const CONTROL_LABELS = { ...LABELS, 'app.kubernetes.io/component': 'control' } as const;
