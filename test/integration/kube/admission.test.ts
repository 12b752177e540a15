import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { CertificateAuthority } from '../../support/kube-apiserver/certificates.js';
import { KubeApiServer } from '../../support/kube-apiserver/kube-api-server.js';
import { callApi } from '../../support/kube-apiserver/kube-client.js';
import { at, textAt } from '../../support/kube-apiserver/objects/api-object.js';

/** A webhook that labels pods, refuses those called `bad`, and is configured as a Service. */
async function rig(t: TestContext, failurePolicy: 'Fail' | 'Ignore') {
  const server = await KubeApiServer.start();
  const authority = await CertificateAuthority.create('webhook');
  const pair = await authority.issue({ commonName: 'w', hosts: ['hook.default.svc'], usage: 'server' });
  const seen: unknown[] = [];
  const webhook = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const asked: unknown = at(JSON.parse(text), 'request');
      seen.push(asked);
      const uid = at(asked, 'uid');
      const patch = [{ op: 'add', path: '/metadata/labels', value: { hooked: 'yes' } }];
      const answer =
        textAt(asked, 'object', 'metadata', 'name') === 'bad'
          ? { uid, allowed: false, status: { message: 'bad pods are not wanted' } }
          : { uid, allowed: true, patchType: 'JSONPatch', patch: btoa(JSON.stringify(patch)) };
      response.end(
        JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
      );
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    webhook.close();
    webhook.closeAllConnections();
    await server.stop();
  });
  await server.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'hook' },
    spec: { ports: [{ name: 'https', port: 443 }] },
  });
  await server.apply({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'hook', labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: (webhook.address() as AddressInfo).port }],
    endpoints: [{ addresses: ['127.0.0.1'] }],
  });
  const configuration = (caBundle: string) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'hook' },
    webhooks: [
      {
        name: 'hook.example.com',
        clientConfig: {
          caBundle: btoa(caBundle),
          service: { name: 'hook', namespace: 'default', path: '/x' },
        },
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
        namespaceSelector: { matchLabels: { inject: 'yes' } },
        failurePolicy,
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  });
  await server.apply(configuration(authority.cert));
  await server.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { inject: 'yes' } },
  });
  const createPod = (name: string, namespace = 'shop', query = '') =>
    callApi(server, `/api/v1/namespaces/${namespace}/pods${query}`, {
      method: 'POST',
      body: { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [] } },
    });
  const distrust = () => server.apply(configuration(server.ca));
  return { createPod, seen, distrust };
}

test('a webhook changes what its selector is for, and refuses with its own words', async (t) => {
  const { createPod, seen } = await rig(t, 'Fail');
  const { body } = await createPod('a');
  assert.equal(textAt(body, 'metadata', 'labels', 'hooked'), 'yes');
  const elsewhere = await createPod('a', 'default');
  assert.equal(at(elsewhere.body, 'metadata', 'labels'), undefined);
  const refused = await createPod('bad');
  assert.equal(refused.status, 403);
  assert.equal(
    textAt(refused.body, 'message'),
    'admission webhook "hook.example.com" denied the request: bad pods are not wanted',
  );
  await createPod('dry', 'shop', '?dryRun=All');
  assert.equal(at(seen.at(-1), 'dryRun'), true);
  assert.equal(seen.length, 3);
});

test('a webhook whose certificate is not trusted fails the request', async (t) => {
  const { createPod, distrust } = await rig(t, 'Fail');
  await distrust();
  const { status, body } = await createPod('a');
  assert.equal(status, 500);
  assert.match(textAt(body, 'message'), /failed calling webhook "hook.example.com".*certificate/);
});

test('unless its failures are to be ignored', async (t) => {
  const { createPod, distrust } = await rig(t, 'Ignore');
  await distrust();
  const { status, body } = await createPod('a');
  assert.deepEqual([status, at(body, 'metadata', 'labels')], [201, undefined]);
});
