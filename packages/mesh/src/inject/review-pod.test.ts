import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AdmissionReview, reviewPod } from './review-pod.js';
import { defaultInjectSettings } from './settings.js';

const review = (pod: object): AdmissionReview => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'u-1', namespace: 'shop', operation: 'CREATE', object: pod },
});

const answer = (pod: object, label: string | undefined) =>
  reviewPod(review(pod), label, defaultInjectSettings).response;

describe('the review of a pod', () => {
  it('patches a pod in a labelled namespace', () => {
    const response = answer({ spec: { containers: [{ name: 'app' }] } }, 'enabled');
    const operations = JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString()) as {
      path: string;
    }[];
    assert.deepEqual(
      operations.map(({ path }) => path),
      ['/spec/initContainers', '/metadata'],
    );
    assert.equal(response.patchType, 'JSONPatch');
  });

  it('lets a pod without injection through as it is', () => {
    assert.deepEqual(answer({ spec: { containers: [] } }, undefined), { uid: 'u-1', allowed: true });
  });

  it('lets a pod that can have no sidecar through, with the reason as a warning', () => {
    const response = answer({ spec: { hostNetwork: true, containers: [] } }, 'enabled');
    assert.equal(response.allowed, true);
    assert.equal(response.patch, undefined);
    assert.match(response.warnings?.[0] ?? '', /no sidecar: it has hostNetwork/);
  });

  it('refuses what is no review of a pod', () => {
    assert.throws(() => answer({}, 'enabled'), TypeError);
  });
});
