import type { AdmissionReview } from '../../inject/review-pod.js';
import type { Problem } from '../../kube/problem.js';

/** What is wrong with an object, in a cluster with everything else that is there. */
export type Judge = (object: unknown) => readonly Problem[];

/** `AdmissionResponse` of the validator. */
export interface PolicyResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly reason: 'Invalid'; readonly message: string };
  /** Printed by kubectl. */
  readonly warnings?: readonly string[];
}

/** What kubectl prints of a warning, and the API server passes on. */
const MAX_WARNING_CHARS = 250;

/**
 * Refuses what `weir analyze` calls an error, in the same words, and passes its warnings on.
 *
 * @throws {TypeError} when it is no review of an object
 */
export function reviewPolicy(
  review: AdmissionReview,
  judge: Judge,
): { readonly apiVersion: string; readonly kind: string; readonly response: PolicyResponse } {
  const { apiVersion, kind, request } = review;
  if (kind !== 'AdmissionReview' || typeof request?.object !== 'object' || request.object === null) {
    throw new TypeError('this is no AdmissionReview of an object');
  }
  const { uid, object } = request;
  const problems = judge(object);
  const say = ({ code, message, field }: Problem): string =>
    `${code} ${field === '' ? '' : `${field}: `}${message}`;
  const errors = problems.filter(({ severity }) => severity === 'error').map(say);
  const warnings = problems
    .filter(({ severity }) => severity !== 'error')
    .map((problem) => `weir: ${say(problem)}`.slice(0, MAX_WARNING_CHARS));
  const told = warnings.length > 0 ? { warnings } : {};
  if (errors.length === 0) return { apiVersion, kind, response: { uid, allowed: true, ...told } };
  const status = { code: 422, reason: 'Invalid', message: `weir: ${errors.join('; ')}` } as const;
  return { apiVersion, kind, response: { uid, allowed: false, status, ...told } };
}
