import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { parseYaml } from './yaml-subset.js';

const KUBECTL = `# written by kubectl
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTi==
    server: https://127.0.0.1:6443   # the API server
    extensions:
    - extension:
        last-update: Tue, 03 Jun 2025 10:00:00 UTC
        provider: minikube.sigs.k8s.io
      name: cluster_info
  name: kind-kind
contexts:
  - context:
      cluster: kind-kind
      namespace: "my \\"own\\" # place"
      user: arn:aws:eks:eu-west-1:123456789012:cluster/prod
    name: 'it''s mine'
  -
    name: second
    context: {"cluster": "kind-kind", "user": ""}
current-context: kind-kind
kind: Config
preferences: {}
users:
- name: arn:aws:eks:eu-west-1:123456789012:cluster/prod
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --region
      - eu-west-1
      - "-"
      - on: yes
      command: aws
      env: null
      interactiveMode: IfAvailable
      provideClusterInfo: false
- name: other
  user:
    client-key: |
      -----BEGIN KEY-----
      abc
      -----END KEY-----
    token: 12345678901234567890123
    retries: 3
`;

describe('parseYaml', () => {
  it('reads a kubeconfig as a whole YAML parser does', () => {
    assert.deepEqual(
      parseYaml(KUBECTL),
      parse(KUBECTL.replace(/token: .*/, 'token: "12345678901234567890123"')),
    );
  });

  it('reads JSON, which is YAML', () => {
    assert.deepEqual(parseYaml('\n {"a": [1, {"b": null}]}'), { a: [1, { b: null }] });
  });

  it('reads one document that is begun as such, and refuses a second', () => {
    assert.deepEqual(parseYaml('---\na: 1\n'), { a: 1 });
    assert.throws(() => parseYaml('a: 1\n---\nb: 2\n'), /line 2: only one document is read/);
  });

  it('refuses what it does not know, with the line', () => {
    assert.throws(() => parseYaml('a: &anchor\n  b: 1\n'), /line 1: & is not understood/);
    assert.throws(() => parseYaml('a: 1\nb: !!binary x\n'), /line 2: ! is not understood/);
    assert.throws(() => parseYaml('a:\n\tb: 1\n'), /line 2: YAML is not indented with tabs/);
    assert.throws(() => parseYaml("a: 'x\n"), /line 1: a quote is not closed/);
    assert.throws(() => parseYaml('a: {b: 1}\n'), /line 1: .* write it as JSON has it/);
    assert.throws(() => parseYaml('a: 1\n   b: 2\n'), /line 2: it does not belong to what is above it/);
  });
});
