import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AdmissionReview } from '../../inject/review-pod.js';
import type { Problem, Severity } from '../../kube/problem.js';
import { reviewPolicy } from './review-policy.js';

const review: AdmissionReview = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'u-1', object: { kind: 'VirtualService' } },
};
const problem = (severity: Severity, message: string): Problem => ({
  severity,
  code: 'WEIR0002',
  file: '',
  line: 0,
  column: 0,
  field: 'spec.http[0]',
  message,
});
const answer = (...problems: readonly Problem[]) => reviewPolicy(review, () => problems).response;

describe('the review of a policy', () => {
  it('lets in what nothing is wrong with', () => {
    assert.deepEqual(answer(), { uid: 'u-1', allowed: true });
  });

  it('refuses what has errors, in the words of weir analyze', () => {
    assert.deepEqual(answer(problem('error', 'no such field')), {
      uid: 'u-1',
      allowed: false,
      status: { code: 422, reason: 'Invalid', message: 'weir: WEIR0002 spec.http[0]: no such field' },
    });
  });

  it('lets in what has warnings, and says so', () => {
    assert.deepEqual(answer(problem('warning', 'never reached')), {
      uid: 'u-1',
      allowed: true,
      warnings: ['weir: WEIR0002 spec.http[0]: never reached'],
    });
  });

  it('has nothing to say to what is no review', () => {
    assert.throws(() => reviewPolicy({ apiVersion: 'v1', kind: 'Pod' }, () => []), TypeError);
  });
});
