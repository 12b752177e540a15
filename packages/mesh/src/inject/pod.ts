/**
 * Of a pod what the injector reads and writes. Whatever else a pod has stays as it is: these types say what is
 * looked at, not what is allowed, as the API server has validated the pod or is going to.
 */

/** `core/v1 EnvVar`. */
export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
}

/** `core/v1 Probe`, with the handlers that the injector may have to replace. */
export interface Probe {
  readonly tcpSocket?: { readonly host?: string; readonly port: number | string };
  readonly httpGet?: { readonly path?: string; readonly port: number | string; readonly scheme?: string };
  readonly [other: string]: unknown;
}

/** `core/v1 SecurityContext` and, of it, what a pod can say as well. */
export interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly [other: string]: unknown;
}

/** `core/v1 ContainerPort`. */
export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

/** `core/v1 Container`. */
export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly ContainerPort[];
  readonly restartPolicy?: 'Always';
  readonly securityContext?: SecurityContext;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly [other: string]: unknown;
}

/** `core/v1 PodSpec`. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly hostNetwork?: boolean;
  readonly securityContext?: SecurityContext;
  readonly terminationGracePeriodSeconds?: number;
  readonly [other: string]: unknown;
}

/** `meta/v1 ObjectMeta`. */
export interface PodMetadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [other: string]: unknown;
}

/** `core/v1 Pod`, or a pod template: both have these two. */
export interface Pod {
  readonly metadata?: PodMetadata;
  readonly spec: PodSpec;
  readonly [other: string]: unknown;
}
