import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '../../manifest/parse-manifest.js';
import { formatProblem } from '../../problem.js';

const HEAD = 'apiVersion: networking.istio.io/v1\nmetadata: {name: a}\n';

function findingsIn(text: string) {
  const { problems, objects } = parseManifest('a.yaml', HEAD + text);
  assert.equal(objects.length, 1, problems.map(formatProblem).join('\n'));
  return problems.map((problem) => `${problem.code} ${problem.severity} ${formatProblem(problem)}`);
}

test('a field that is not implemented is reported where it stands, with what to do', () => {
  const found = findingsIn(`kind: DestinationRule
spec:
  host: a
  trafficPolicy:
    outlierDetection: {consecutiveErrors: 5}
`);
  assert.deepEqual(found, [
    'WEIR0006 warning a.yaml:7:24: spec.trafficPolicy.outlierDetection.consecutiveErrors: consecutiveErrors is not implemented: Istio has removed it; use consecutive5xxErrors',
  ]);
});

test('in a subset and for a port it is reported, too', () => {
  const found = findingsIn(`kind: DestinationRule
spec:
  host: a
  trafficPolicy: {portLevelSettings: [{port: {number: 1}, loadBalancer: {simple: PASSTHROUGH}}]}
  subsets:
    - {name: v1, trafficPolicy: {tunnel: {targetHost: b, targetPort: 1}}}
    - name: v2
      trafficPolicy: {portLevelSettings: [{port: {number: 1}, connectionPool: {http: {useClientProtocol: true}}}]}
`);
  assert.deepEqual(
    found.map((each) => each.replace(/^.*?: (\S+): .*$/, '$1')),
    [
      'spec.trafficPolicy.portLevelSettings[0].loadBalancer.simple',
      'spec.subsets[1].trafficPolicy.portLevelSettings[0].connectionPool.http.useClientProtocol',
      'spec.subsets[0].trafficPolicy.tunnel',
    ],
  );
});

test('a value that is implemented is not reported, nor one that means nothing', () => {
  const found = findingsIn(`kind: DestinationRule
spec:
  host: a
  trafficPolicy:
    tls: {mode: DISABLE}
    loadBalancer: {simple: LEAST_REQUEST}
    connectionPool: {http: {h2UpgradePolicy: UPGRADE, useClientProtocol: false}}
`);
  assert.deepEqual(found, []);
});

test('asking for TLS is an error, since calls would go in clear text, and yet the rest takes effect', () => {
  const [found] = findingsIn(`kind: DestinationRule
spec: {host: a, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
`);
  assert.match(found ?? '', /^WEIR0006 error .*mode ISTIO_MUTUAL is not implemented/);
});

const fieldsIn = (text: string) => findingsIn(text).map((each) => each.replace(/^.*?: (\S+): .*$/, '$1'));

test('of how connections are kept only what the operating system decides is reported', () => {
  const pool = 'spec.trafficPolicy.connectionPool';
  assert.deepEqual(
    fieldsIn(`kind: DestinationRule
spec:
  host: a
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 1, connectTimeout: 1s, maxConnectionDuration: 1h, tcpKeepalive: {time: 2h, probes: 3}}
      http:
        http2MaxRequests: 1
        maxRequestsPerConnection: 9
        idleTimeout: 5m
        maxConcurrentStreams: 8
        http2KeepAlive: {interval: 30s, timeout: 5s}
`),
    [`${pool}.tcp.tcpKeepalive.probes`],
  );
  assert.deepEqual(
    fieldsIn(`kind: DestinationRule
spec:
  host: a
  trafficPolicy: {connectionPool: {http: {idleTimeout: 0s, maxRequestsPerConnection: 0, maxConcurrentStreams: 0}}}
`),
    [],
  );
});

test('retries elsewhere and hedging are not reported', () => {
  assert.deepEqual(
    fieldsIn(`kind: VirtualService
spec:
  hosts: [a]
  http: [{route: [{destination: {host: a}}], retries: {attempts: 1, retryRemoteLocalities: true}}]
`),
    [],
  );
  const { problems } = parseManifest(
    'a.yaml',
    `apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: {name: a}
spec: {targetRef: {kind: Service, name: a}, hedging: {attempts: 2, delay: 0s}}
`,
  );
  assert.deepEqual(
    problems.map((each) => `${each.code} ${formatProblem(each).split(': ')[1]}`),
    [],
  );
});
