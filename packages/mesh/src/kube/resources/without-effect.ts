import { SERVICE_NAME_LABEL } from '@weir/core/kube';
import type { ProblemCode } from '../problem-code.js';
import type { FieldPath, Severity } from '../problem.js';
import type { KubeObject } from './kinds.js';
import { findUnsupported } from './support/find-unsupported.js';

/** Something in a valid object that a user would not expect. */
export interface Surprise {
  readonly path: FieldPath;
  readonly message: string;
  readonly code: ProblemCode;
  /** An error does not keep the object from taking effect: it is one in `weir analyze`. */
  readonly severity: Severity;
}

/** Valid manifests that would do nothing, or not all they say; the user must not have to find out alone. */
export function findWithoutEffect(object: KubeObject): readonly Surprise[] {
  const idle = findIdle(object).map((each) => ({
    ...each,
    code: 'WEIR0005' as const,
    severity: 'warning' as const,
  }));
  const unsupported = findUnsupported(object).map((each) => ({ ...each, code: 'WEIR0006' as const }));
  return [...idle, ...unsupported];
}

function findIdle(object: KubeObject): { path: FieldPath; message: string }[] {
  switch (object.kind) {
    case 'Service':
      // One that stands for another Service is balanced as that is.
      if (object.spec.type !== 'ExternalName' || object.spec.externalName?.includes('.svc') === true)
        return [];
      return [
        {
          path: ['spec', 'externalName'],
          message: 'a Service of type ExternalName for a host outside of the cluster is not balanced',
        },
      ];
    case 'EndpointSlice': {
      const found: { path: FieldPath; message: string }[] = [];
      if ((object.metadata.labels?.[SERVICE_NAME_LABEL] ?? '') === '') {
        const message = `this EndpointSlice belongs to no Service; add the label ${SERVICE_NAME_LABEL}: <name of the Service>`;
        found.push({ path: ['metadata', 'labels'], message });
      }
      if (object.addressType === 'FQDN') {
        found.push({
          path: ['addressType'],
          message: 'endpoints of addressType FQDN are not used; give IP addresses',
        });
      }
      return found;
    }
    case 'ServiceEntry': {
      const { resolution, workloadSelector } = object.spec;
      if (workloadSelector !== undefined) {
        const message = 'workloadSelector is not supported; list the addresses under "endpoints"';
        return [{ path: ['spec', 'workloadSelector'], message }];
      }
      if (resolution === 'STATIC') return [];
      const message = `only "resolution: STATIC" with endpoints is supported, so this ServiceEntry (${resolution}) is not used`;
      return [{ path: ['spec', 'resolution'], message }];
    }
    case 'Pod':
    case 'Node':
    case 'VirtualService':
    case 'DestinationRule':
    case 'GRPCPolicy':
      return [];
  }
}

/** Whether ignoring a kind changes where traffic goes, so that a user would want to know. */
export function shapesTraffic(apiVersion: string, kind: string): boolean {
  if (apiVersion === 'v1') return kind === 'Endpoints';
  return apiVersion.startsWith('networking.istio.io/') || apiVersion.startsWith('gateway.networking.k8s.io/');
}
