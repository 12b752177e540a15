import { decideInjection } from './decide-injection.js';
import { inject } from './inject.js';
import { jsonPatch } from './json-patch.js';
import type { Pod } from './pod.js';
import type { InjectSettings } from './settings.js';

/** Of `admission.k8s.io/v1 AdmissionReview` what a webhook for pods reads. */
export interface AdmissionReview {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request?: {
    readonly uid: string;
    readonly namespace?: string;
    readonly operation?: string;
    readonly object?: unknown;
  };
}

/** `AdmissionResponse`: a patch, or a warning that kubectl prints; the pod is let through in every case. */
export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: true;
  readonly patchType?: 'JSONPatch';
  /** Base64 of the operations. */
  readonly patch?: string;
  readonly warnings?: readonly string[];
}

/**
 * Answers the API server about a new pod. A pod that can't have a sidecar is created without one, and the user is
 * warned: that a mesh is down or in doubt is no reason for a pod not to run.
 *
 * @throws {TypeError} when it is no review of a pod
 */
export function reviewPod(
  review: AdmissionReview,
  namespaceLabel: string | undefined,
  settings: InjectSettings,
): { readonly apiVersion: string; readonly kind: string; readonly response: AdmissionResponse } {
  const { apiVersion, kind, request } = review;
  const pod = request?.object as Partial<Pod> | undefined;
  if (kind !== 'AdmissionReview' || request === undefined || !Array.isArray(pod?.spec?.containers)) {
    throw new TypeError('this is no AdmissionReview of a pod');
  }
  const answer = { uid: request.uid, allowed: true } as const;
  const decision = decideInjection(pod as Pod, request.namespace ?? 'default', namespaceLabel, settings);
  const before = pod as Pod;
  switch (decision.kind) {
    case 'skip':
      return { apiVersion, kind, response: answer };
    case 'refuse':
      return {
        apiVersion,
        kind,
        response: { ...answer, warnings: [`weir: no sidecar: ${decision.reason}`] },
      };
    case 'inject': {
      const operations = jsonPatch(before, inject(before, decision.settings, settings));
      const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
      return { apiVersion, kind, response: { ...answer, patchType: 'JSONPatch', patch } };
    }
  }
}
