import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SupportedKind } from 'weir/dist/kube/resources/support/field-support.js';
import { FIELD_SUPPORT } from 'weir/dist/kube/resources/support/find-unsupported.js';
import { repositoryRoot } from '../support/node-process.js';

/**
 * The file in this folder that tries a field with real peers, through a sidecar that a control plane configures over
 * xDS from YAML. A field that is not below has the one of the longest beginning that is.
 */
const TESTS: Readonly<Record<SupportedKind, Readonly<Record<string, string>>>> = {
  VirtualService: {
    spec: 'policy-scope',
    'spec.http[]': 'policy-answers',
    'spec.http[].match[]': 'policy-match',
    'spec.http[].match[].port': 'policy-scope',
    'spec.http[].match[].sourceLabels': 'policy-scope',
    'spec.http[].match[].sourceNamespace': 'policy-scope',
    'spec.http[].route[]': 'policy-canary',
    'spec.http[].route[].headers': 'policy-requests',
    'spec.http[].headers': 'policy-requests',
    'spec.http[].delegate': 'policy-scope',
    'spec.http[].timeout': 'policy-timeouts',
    'spec.http[].retries': 'policy-retry-on',
    'spec.http[].rewrite.uri': 'policy-requests',
  },
  DestinationRule: {
    spec: 'policy-scope',
    'spec.subsets[]': 'policy-canary',
    'spec.trafficPolicy.loadBalancer': 'policy-balancing',
    'spec.trafficPolicy.connectionPool': 'policy-limits',
    'spec.trafficPolicy.connectionPool.tcp.tcpKeepalive': 'policy-connections',
    'spec.trafficPolicy.connectionPool.tcp.maxConnectionDuration': 'policy-connections',
    'spec.trafficPolicy.connectionPool.http.maxRequestsPerConnection': 'policy-connections',
    'spec.trafficPolicy.connectionPool.http.idleTimeout': 'policy-connections',
    'spec.trafficPolicy.connectionPool.http.maxConcurrentStreams': 'policy-connections',
    'spec.trafficPolicy.connectionPool.http.http2KeepAlive': 'policy-connections',
    'spec.trafficPolicy.outlierDetection': 'policy-outliers',
    'spec.trafficPolicy.portLevelSettings[]': 'policy-limits',
    'spec.trafficPolicy.retryBudget': 'policy-retries',
  },
  ServiceEntry: {
    spec: 'policy-scope',
    'spec.endpoints[].labels': 'policy-balancing',
    'spec.endpoints[].locality': 'policy-balancing',
    'spec.endpoints[].weight': 'policy-balancing',
  },
  GRPCPolicy: {
    spec: 'policy-limits',
    'spec.targetRef.group': 'policy-retry-on',
    'spec.retry': 'policy-retry-on',
    'spec.hedging': 'policy-retry-on',
    'spec.idempotent': 'policy-retry-on',
    'spec.outlierDetection': 'policy-outliers',
    'spec.loadBalancer': 'balancers',
  },
};

function fileOf(kind: SupportedKind, field: string): string {
  const within = Object.keys(TESTS[kind]).filter(
    (row) => field === row || field.startsWith(`${row}.`) || field.startsWith(`${row}[`),
  );
  const [longest = ''] = within.sort((a, b) => b.length - a.length);
  return `${TESTS[kind][longest] ?? 'none'}.test.ts`;
}

const texts = new Map<string, string>();

function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(repositoryRoot, 'test/integration', file), 'utf8');
  texts.set(file, text);
  return text;
}

for (const [kind, rows] of Object.entries(FIELD_SUPPORT)) {
  test(`every field of a ${kind} that is said to be supported is tried with real peers`, () => {
    const untried: string[] = [];
    for (const { field, support } of rows) {
      if (support !== 'implemented') continue;
      const file = fileOf(kind as SupportedKind, field);
      const key = /(\w+)(?:\[\])?$/.exec(field)?.[1] ?? '';
      if (!new RegExp(`\\b${key}['"]?:`).test(textOf(file))) untried.push(`${field}: not in ${file}`);
    }
    assert.deepEqual(
      untried,
      [],
      'add a test of it, and name its file at the top of policy-features.test.ts',
    );
  });
}
