import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '../manifest/parse-manifest.js';
import { formatProblem } from '../problem.js';

const problemsOf = (text: string) =>
  parseManifest('a.yaml', text).problems.map((problem) =>
    formatProblem(problem).replace(/^a\.yaml:\d+:\d+: /, ''),
  );

const rule = (fields: string) =>
  problemsOf(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec: {hosts: [a], http: [{route: [{destination: {host: a}}], ${fields}}]}
`);

const traffic = (fields: string) =>
  problemsOf(`apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata: {name: a}
spec: {host: a, trafficPolicy: {${fields}}}
`);

const policy = (fields: string) =>
  problemsOf(`apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: {name: a}
spec: {targetRef: {kind: Service, name: a}, ${fields}}
`);

/** What is written, and what is said about it. */
const cases: readonly (readonly [problems: string[], said: string])[] = [
  [rule('timeuot: 1s'), 'spec.http[0].timeuot: unknown field "timeuot"; did you mean "timeout"?'],
  [rule('timeout: 5'), 'spec.http[0].timeout: must be a string, not 5 (put it in quotes)'],
  [rule("timeout: '5'"), 'spec.http[0].timeout: "5" is not a length of time; add a unit: "5s"'],
  [
    rule('timeout: 5 s'),
    'spec.http[0].timeout: "5 s" is not a length of time; write it as 300ms, 5s or 1h30m',
  ],
  [
    rule('retries: {attempts: 1, backoff: 0s}'),
    'spec.http[0].retries.backoff: must be at least 1ms, is "0s"',
  ],
  [rule('retries: {attempts: -1}'), 'spec.http[0].retries.attempts: must be at least 0, is -1'],
  [
    rule('retries: {attempts: 1, retryOn: "5xx, unavailble"}'),
    'spec.http[0].retries.retryOn: unknown condition "unavailble"; did you mean "unavailable"?',
  ],
  [
    rule('retries: {attempts: 1, retryOn: aborted}'),
    'spec.http[0].retries.retryOn: unknown condition "aborted", which Envoy cannot retry on; a weir.dev GRPCPolicy can, with "codes: [ABORTED]"',
  ],
  [
    rule('match: [{headers: {x: {regx: a}}}]'),
    'spec.http[0].match[0].headers.x.regx: unknown field "regx"; did you mean "regex"?',
  ],
  [
    rule("match: [{uri: {regex: '/a(?=b)'}}]"),
    'spec.http[0].match[0].uri.regex: "/a(?=b)" is not a regular expression in RE2 syntax: invalid or unsupported Perl syntax: `(?=`',
  ],
  [
    rule('match: [{headers: {X-User: {exact: a}}}]'),
    'spec.http[0].match[0].headers.X-User: header names are lower case; write "x-user"',
  ],
  [
    rule('match: [{headers: {method: {exact: GET}}}]'),
    'spec.http[0].match[0].headers.method: is no header; move it out of "headers", beside it',
  ],
  [
    rule('match: [{uri: {exact: /a, prefix: /}}]'),
    'spec.http[0].match[0].uri.prefix: there is already "exact"; give one of exact, prefix and regex',
  ],
  [
    rule('match: [{uri: {}}]'),
    'spec.http[0].match[0].uri: says nothing to compare with; give exact, prefix or regex',
  ],
  [rule('redirect: {uri: /b}'), 'spec.http[0].redirect: stands beside route; keep one'],
  [
    rule('fault: {abort: {grpcStatus: NOPE}}'),
    'spec.http[0].fault.abort.grpcStatus: "NOPE" is no gRPC status of a failed call; write UNAVAILABLE, for example',
  ],
  [
    rule('fault: {abort: {httpStatus: 500, percentage: {value: 101}}}'),
    'spec.http[0].fault.abort.percentage.value: must be at most 100, is 101',
  ],
  [
    rule('fault: {abort: {httpStatus: 500, percentage: {value: half}}}'),
    'spec.http[0].fault.abort.percentage.value: must be a number, not "half"',
  ],
  [
    traffic('loadBalancer: {simple: ROUNDROBIN}'),
    'spec.trafficPolicy.loadBalancer.simple: must be UNSPECIFIED or LEAST_CONN or RANDOM or PASSTHROUGH or ROUND_ROBIN or LEAST_REQUEST, not "ROUNDROBIN"; did you mean "ROUND_ROBIN"?',
  ],
  [
    traffic('loadBalancer: {consistentHash: {}}'),
    'spec.trafficPolicy.loadBalancer.consistentHash: says not what is hashed; add httpHeaderName, httpCookie, useSourceIp or httpQueryParameterName',
  ],
  [
    traffic('loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 1024}}}'),
    'spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize: must be a prime number, which 1024 is not',
  ],
  [
    traffic('loadBalancer: {localityLbSetting: {distribute: [{from: a/b/*, to: {a/b/*: 90}}]}}'),
    'spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: the weights must add up to 100, not 90',
  ],
  [
    traffic('loadBalancer: {simple: RANDOM, warmup: {duration: 10s}}'),
    'spec.trafficPolicy.loadBalancer.warmup: only ROUND_ROBIN and LEAST_REQUEST can warm up',
  ],
  [
    traffic('connectionPool: {http: {http2MaxRequests: 1.5}}'),
    'spec.trafficPolicy.connectionPool.http.http2MaxRequests: must be a whole number, not 1.5',
  ],
  [
    policy('retry: {codes: [UNAVAILABEL], attempts: 1}'),
    'spec.retry.codes[0]: "UNAVAILABEL" is no gRPC status of a failed call; did you mean "UNAVAILABLE"?',
  ],
  [
    policy('retry: {codes: [OK], attempts: 1}'),
    'spec.retry.codes[0]: "OK" is no gRPC status of a failed call; use one of CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED',
  ],
  [
    policy('outlierDetection: {codes: [UNAVAILABLE], failurePercentage: {treshold: 50}}'),
    'spec.outlierDetection.failurePercentage.treshold: unknown field "treshold"; did you mean "threshold"?',
  ],
  [
    problemsOf(
      'apiVersion: weir.dev/v1\nkind: GRPCPolicy\nmetadata: {name: a}\nspec: {targetRef: {kind: Service, name: a, method: a.B/C}, outlierDetection: {codes: [INTERNAL]}}\n',
    ),
    'spec.outlierDetection: endpoints are ejected from a whole Service, not from a method; write it in a policy without targetRef.method',
  ],
  [policy('hedging: {attempts: 9, delay: 1s}'), 'spec.hedging.attempts: must be at most 5, is 9'],
  [policy(''), 'spec: says nothing of its target; add retry, hedging, rateLimit or another field'],
];

for (const [problems, said] of cases) {
  test(`it says: ${said}`, () => assert.deepEqual(problems, [said]));
}

test('all three versions of the Istio kinds are read alike, other versions are not', () => {
  for (const version of ['v1', 'v1beta1', 'v1alpha3']) {
    const text = `{apiVersion: networking.istio.io/${version}, kind: DestinationRule, metadata: {name: a}, spec: {host: a}}\n`;
    assert.deepEqual(problemsOf(text), []);
  }
  const [problem] = problemsOf(
    '{apiVersion: networking.istio.io/v2, kind: VirtualService, metadata: {name: a}, spec: {}}\n',
  );
  assert.match(
    problem ?? '',
    /VirtualService is not read in version "networking\.istio\.io\/v2"; use "networking/,
  );
});

test('of a Pod only name, namespace and labels are kept, and the rest may be anything', () => {
  const { objects, problems } = parseManifest(
    'a.yaml',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {v: "1"}, uid: x}\nspec: {containers: [{nmae: 1}]}\n',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(objects[0]?.object, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'default', labels: { v: '1' } },
  });
});
