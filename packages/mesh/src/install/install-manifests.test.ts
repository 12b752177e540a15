import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { installManifests, uninstallManifests } from './install-manifests.js';
import { defaultInstallSettings, type Manifest } from './settings.js';

const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;
const find = (manifests: readonly Manifest[], kind: string): Manifest =>
  manifests.find((manifest) => manifest.kind === kind)!;

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

describe('weir install', () => {
  it('puts namespace and CRDs before what needs them, and the webhooks last', () => {
    const names = installManifests(defaultInstallSettings).map(nameOf);
    assert.deepEqual(names.slice(0, 2), [
      'Namespace/weir-system',
      'CustomResourceDefinition/grpcpolicies.weir.dev',
    ]);
    assert.deepEqual(names.slice(-2), [
      'MutatingWebhookConfiguration/weir-injector',
      'ValidatingWebhookConfiguration/weir-validator',
    ]);
  });

  it('names every object once', () => {
    const names = installManifests({ ...defaultInstallSettings, istioCrds: true }).map(nameOf);
    assert.deepEqual(names, [...new Set(names)]);
  });

  it('lets the control plane write nothing but what is its own, by name, and status', () => {
    const roles = installManifests(defaultInstallSettings).filter(({ kind }) => kind.endsWith('Role'));
    for (const rule of roles.flatMap((role) => role['rules'] as readonly Rule[])) {
      const writes = rule.verbs.some((verb) => !['get', 'list', 'watch'].includes(verb));
      if (!writes) continue;
      const ofStatus = rule.resources.every((resource) => resource.endsWith('/status'));
      assert.ok(ofStatus || (rule.resourceNames ?? []).length > 0, JSON.stringify(rule));
    }
  });

  it('never asks about pods of system namespaces, nor of its own', () => {
    const { webhooks } = find(
      installManifests({ ...defaultInstallSettings, namespace: 'mesh' }),
      'MutatingWebhookConfiguration',
    ) as unknown as {
      webhooks: readonly {
        namespaceSelector: { matchExpressions: readonly { key: string; values: readonly string[] }[] };
      }[];
    };
    assert.equal(webhooks.length, 2);
    for (const { namespaceSelector } of webhooks) {
      const [first] = namespaceSelector.matchExpressions;
      assert.equal(first?.key, 'kubernetes.io/metadata.name');
      for (const name of ['kube-system', 'mesh']) assert.ok(first?.values.includes(name));
    }
  });

  it('leaves a single replica without a disruption budget, which would keep its node from being drained', () => {
    const names = installManifests({ ...defaultInstallSettings, replicas: 1 }).map(nameOf);
    assert.ok(!names.some((name) => name.startsWith('PodDisruptionBudget')));
  });

  it('is undone in reverse, but for the CRDs of Istio', () => {
    const installed = installManifests({ ...defaultInstallSettings, istioCrds: true }).map(nameOf);
    const removed = uninstallManifests(defaultInstallSettings).map(nameOf);
    assert.deepEqual(removed, installed.filter((name) => !name.includes('istio.io')).reverse());
  });
});
