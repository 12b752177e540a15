import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManifestSet } from '../../kube/directory/manifest-set.js';
import { PROBLEM_CODES } from '../../kube/problem-code.js';
import { formatProblem, type Problem } from '../../kube/problem.js';
import { Registry } from '../registry/registry.js';
import { analyzeModel } from './analyze-model.js';

function findingsIn(text: string): readonly Problem[] {
  const set = new ManifestSet();
  set.put('a.yaml', text);
  const model = new Registry().update(set.objects);
  return [...set.problems, ...model.problems, ...analyzeModel(model, set.objects)];
}

/** A Service with one pod, which nothing is wrong with. */
const GREETER = `
---
{apiVersion: v1, kind: Service, metadata: {name: greeter}, spec: {ports: [{name: grpc, port: 50051}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: greeter, labels: {kubernetes.io/service-name: greeter}}
addressType: IPv4
ports: [{name: grpc, port: 50051}]
endpoints: [{addresses: [10.0.0.1], targetRef: {kind: Pod, name: a}}]
---
{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {version: v1}}}
`;

const rules = (http: string, { name = 'a', spec = 'hosts: [greeter]' } = {}) => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec:
  ${spec}
  http:
${http.replaceAll(/^/gm, '    ')}
`;

const destinationRule = (spec: string, name = 'a') => `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec: {${spec}}
`;

const policy = (spec: string) => `
---
apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: {name: a}
spec: {${spec}}
`;

const V1 = destinationRule('host: greeter, subsets: [{name: v1, labels: {version: v1}}]');
const toGreeter = '- route: [{destination: {host: greeter}}]';

const cases: readonly (readonly [title: string, text: string, finding: RegExp])[] = [
  [
    'an unknown host of a destination, and the one that was meant',
    GREETER + rules('- route: [{destination: {host: greter}}]'),
    /^WEIR0101 error a\.yaml:21:.*no Service or ServiceEntry has the host greter\.default\.svc\.cluster\.local; did you mean "greeter\.default/,
  ],
  [
    'an unknown host of a mirror',
    GREETER + rules('- {route: [{destination: {host: greeter}}], mirror: {host: shadow.example}}'),
    /^WEIR0101 error .*spec\.http\[0\]\.mirror\.host/,
  ],
  [
    'a destination that is not exported to the rule',
    `${GREETER}${rules('- route: [{destination: {host: x.example}}]')}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: x, namespace: other}
spec: {hosts: [x.example], exportTo: [.], resolution: STATIC, ports: [{name: grpc, number: 50051}]}
`,
    /^WEIR0101 error .*not exported to namespace default/,
  ],
  [
    'a rule for a host that nobody has',
    GREETER + rules(toGreeter, { spec: 'hosts: [gone.example]' }),
    /^WEIR0102 warning .*spec\.hosts\[0\]: no Service or ServiceEntry has the host gone\.example/,
  ],
  [
    'a DestinationRule for a host that nobody has',
    destinationRule('host: nobody'),
    /^WEIR0102 warning .*spec\.host: /,
  ],
  [
    'a GRPCPolicy for a Service that does not exist',
    policy('targetRef: {kind: Service, name: nobody}, idempotent: true'),
    /^WEIR0102 error .*spec\.targetRef\.name/,
  ],
  [
    'a missing subset, and the one that was meant',
    GREETER +
      V1.replaceAll('v1,', 'stable,') +
      rules('- route: [{destination: {host: greeter, subset: stabel}}]'),
    /^WEIR0103 error .*no DestinationRule for greeter\.default\.svc\.cluster\.local has a subset "stabel"; did you mean "stable"\?/,
  ],
  [
    'a subset that selects no pod',
    GREETER + destinationRule('host: greeter, subsets: [{name: v2, labels: {version: v2}}]'),
    /^WEIR0104 warning .*spec\.subsets\[0\]: subset "v2" selects no pod .*: none has version=v2/,
  ],
  [
    'that no labels are known at all',
    GREETER.replace('{apiVersion: v1, kind: Pod,', '{apiVersion: v1, kind: Secret,') + V1,
    /^WEIR0104 warning .*the labels of none are known; add the Pods/,
  ],
  [
    'weights that are all zero',
    GREETER +
      rules(
        '- route: [{destination: {host: greeter}, weight: 0}, {destination: {host: greeter}, weight: 0}]',
      ),
    /^WEIR0105 error .*spec\.http\[0\]\.route: all weights are 0/,
  ],
  [
    'a port that the destination does not have',
    GREETER + rules('- route: [{destination: {host: greeter, port: {number: 80}}}]'),
    /^WEIR0106 error .*Service default\/greeter has no port 80; it has 50051/,
  ],
  [
    'a delegate that is not there',
    GREETER + rules('- delegate: {name: other}'),
    /^WEIR0107 error .*there is no VirtualService default\/other to delegate to/,
  ],
  [
    'a delegate that none delegates to',
    GREETER + rules(toGreeter, { spec: 'exportTo: [.]' }),
    /^WEIR0005 warning .*spec: without hosts/,
  ],
  [
    'a rule after one for every request',
    GREETER + rules(`${toGreeter}\n- match: [{uri: {exact: /a}}]\n  route: [{destination: {host: greeter}}]`),
    /^WEIR0108 warning a\.yaml:22:.*no request gets to rule .* at line 21 takes all/,
  ],
  [
    'a time limit for attempts as long as the call’s',
    GREETER +
      rules(
        '- {route: [{destination: {host: greeter}}], timeout: 1s, retries: {attempts: 2, perTryTimeout: 1000ms}}',
      ),
    /^WEIR0109 warning .*spec\.http\[0\]\.retries\.perTryTimeout/,
  ],
  [
    'two VirtualServices for one host',
    GREETER + rules(toGreeter) + rules(toGreeter, { name: 'b', spec: 'hosts: [greeter.default]' }),
    /^WEIR0110 error a\.yaml:28:.*VirtualService default\/a \(a\.yaml:15\) is for host greeter\.default\.svc\.cluster\.local, too/,
  ],
  [
    'two DestinationRules with one subset',
    GREETER + V1 + destinationRule('host: greeter, subsets: [{name: v1}]', 'b'),
    /^WEIR0110 warning .*a subset "v1" for greeter/,
  ],
  [
    'retries without attempts',
    GREETER + rules('- {route: [{destination: {host: greeter}}], retries: {retryOn: 5xx}}'),
    /^WEIR0111 warning .*spec\.http\[0\]\.retries: without "attempts"/,
  ],
  [
    'failover without outlier detection',
    GREETER +
      destinationRule(
        'host: greeter, trafficPolicy: {loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}]}}}',
      ),
    /^WEIR0112 warning .*localityLbSetting\.failover/,
  ],
  [
    'retries in a VirtualService and in a GRPCPolicy',
    GREETER +
      rules('- {route: [{destination: {host: greeter}}], retries: {attempts: 1}}') +
      policy('targetRef: {kind: Service, name: greeter}, retry: {codes: [UNAVAILABLE], attempts: 1}'),
    /^WEIR0113 warning .*spec\.retry: replaces the retries of VirtualService default\/a/,
  ],
  [
    'a port whose name and appProtocol disagree',
    GREETER.replace('port: 50051}]}}', 'port: 50051, appProtocol: http}]}}'),
    /^WEIR0201 warning .*the name "grpc" says grpc, appProtocol says http/,
  ],
  [
    'a port with rules that is not known to speak HTTP/2',
    GREETER.replaceAll('name: grpc', 'name: main') + rules(toGreeter),
    /^WEIR0202 warning .*port 50051 \(main\) is not known to speak HTTP\/2/,
  ],
  [
    'a port with rules that passes through',
    GREETER.replaceAll('name: grpc', 'name: tcp') + rules('- directResponse: {status: 200}'),
    /^WEIR0202 warning .*port 50051 \(tcp\) is tcp and passes through untouched/,
  ],
  [
    'a Service without slices',
    '{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{name: grpc, port: 1}]}}\n',
    /^WEIR0203 warning/,
  ],
  [
    'a port without counterpart',
    GREETER.replace('[{name: grpc, port: 50051}]\n', '[{port: 50051}]\n'),
    /^WEIR0204 /,
  ],
  ['a slice without its Service', GREETER.replace('kind: Service,', 'kind: Secret,'), /^WEIR0205 warning/],
  [
    'a kind that shapes traffic and is not read',
    '{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: a}}\n',
    /^WEIR0007 warning a\.yaml:1:44: kind: objects of kind EnvoyFilter/,
  ],
];

const describe = (finding: Problem) => `${finding.code} ${finding.severity} ${formatProblem(finding)}`;

for (const [title, text, expected] of cases) {
  test(`it finds ${title}, and nothing else`, () => {
    const found = findingsIn(text).map(describe);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', expected);
  });
}

test('nothing is wrong with a canary that is complete', () => {
  const text =
    GREETER +
    V1 +
    rules(`- match: [{headers: {version: {exact: '200'}}}]
  route: [{destination: {host: greeter.default, subset: v1}}]
- route: [{destination: {host: greeter}, weight: 90}, {destination: {host: greeter, subset: v1}, weight: 10}]
  timeout: 1s
  retries: {attempts: 2, perTryTimeout: 300ms}`);
  assert.deepEqual(findingsIn(text).map(describe), []);
});

test('every finding has a severity that the list of codes names, and every code of the list is tried here', () => {
  const tried = new Set<string>();
  for (const [, text] of cases) {
    for (const { code, severity } of findingsIn(text)) {
      tried.add(code);
      const severities: readonly string[] = PROBLEM_CODES[code].severities;
      assert.ok(severities.includes(severity), `${code} ${severity}`);
    }
  }
  const untried = Object.keys(PROBLEM_CODES).filter((code) => code > 'WEIR0007' && !tried.has(code));
  assert.deepEqual(untried, []);
});
