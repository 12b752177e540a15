import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatProblem } from '../problem.js';
import { parseManifest } from './parse-manifest.js';

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: greeter
spec:
  ports:
    - name: grpc
      port: 50051
`;

function problemsOf(text: string): string[] {
  return parseManifest('f.yaml', text).problems.map(formatProblem);
}

test('a Service is read and its namespace is filled in', () => {
  const { objects, problems } = parseManifest('f.yaml', SERVICE);
  assert.deepEqual(problems, []);
  assert.equal(objects[0]?.key, 'Service default/greeter');
  assert.equal(objects[0]?.line, 1);
});

test('several documents, other kinds and empty documents can share a file', () => {
  const text = `---\n# nothing\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replicas: 3}\n---\n${SERVICE}---\n`;
  const { objects, problems, ignored } = parseManifest('f.yaml', text);
  assert.deepEqual(problems, []);
  assert.deepEqual(ignored, [{ apiVersion: 'apps/v1', kind: 'Deployment' }]);
  assert.deepEqual(
    objects.map(({ key, line }) => [key, line]),
    [['Service default/greeter', 9]],
  );
});

test('JSON with tabs is read', () => {
  const text =
    '{\n\t"apiVersion": "v1",\n\t"kind": "Service",\n\t"metadata": {"name": "a", "namespace": "b"}\n}\n';
  assert.deepEqual(parseManifest('f.json', text).objects[0]?.key, 'Service b/a');
});

test('lists are read item by item, also typed lists whose items have no kind', () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret}\n`;
  assert.deepEqual(
    parseManifest('f.yaml', list).objects.map((each) => [each.key, each.line]),
    [['Service default/a', 4]],
  );
  const typed = `apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n`;
  assert.equal(parseManifest('f.yaml', typed).objects.length, 2);
});

test('a mistake inside a list has the position and path of the item', () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: 7\n`;
  assert.deepEqual(problemsOf(list), [
    'f.yaml:7:5: items[0].metadata.name: must be a string, not 7 (put it in quotes)',
  ]);
});

test('null is the same as absent, as the API server writes it', () => {
  const text = `addressType: IPv4
apiVersion: discovery.k8s.io/v1
endpoints: null
kind: EndpointSlice
metadata: {name: a, creationTimestamp: null, labels: {kubernetes.io/service-name: greeter}}
ports: null
`;
  assert.deepEqual(problemsOf(text), []);
});

test('an unknown field is reported where it stands, with the field that was probably meant', () => {
  assert.deepEqual(problemsOf(SERVICE.replace('port: 50051', 'port: 50051\n      appProtocoll: grpc')), [
    'f.yaml:9:7: spec.ports[0].appProtocoll: unknown field "appProtocoll"; did you mean "appProtocol"?',
  ]);
});

test('an unknown field like no other is reported with the known ones', () => {
  assert.match(
    problemsOf(SERVICE.replace('spec:', 'spec:\n  replicas: 3'))[0] ?? '',
    /^f\.yaml:6:3: spec\.replicas: unknown field "replicas"; known are .*clusterIP/,
  );
});

test('a missing field is reported at the object that lacks it', () => {
  assert.deepEqual(problemsOf(SERVICE.replace('port: 50051', 'nodePort: 30000')), [
    'f.yaml:7:7: spec.ports[0].port: required field "port" is missing',
  ]);
});

test('a wrong type says what is expected and what is there', () => {
  assert.deepEqual(problemsOf(SERVICE.replace('50051', '"50051"')), [
    'f.yaml:8:7: spec.ports[0].port: must be a whole number, not "50051"',
  ]);
  assert.deepEqual(problemsOf(SERVICE.replace('50051', '70000')), [
    'f.yaml:8:7: spec.ports[0].port: must be at most 65535, is 70000',
  ]);
  assert.deepEqual(problemsOf(SERVICE.replace('port: 50051', 'port: 1\n      targetPort: true')), [
    'f.yaml:9:7: spec.ports[0].targetPort: must be a whole number or a string, not true',
  ]);
  assert.deepEqual(problemsOf(SERVICE.replace('port: 50051', 'port: 1\n      protocol: TPC')), [
    'f.yaml:9:7: spec.ports[0].protocol: must be TCP or UDP or SCTP, not "TPC"; did you mean "TCP"?',
  ]);
});

test('what YAML itself forbids is reported with its position', () => {
  assert.deepEqual(problemsOf(`${SERVICE}    nonsense\n  : [\n`).length > 0, true);
  assert.deepEqual(problemsOf('a: 1\na: 2\n'), ['f.yaml:2:1: Map keys must be unique']);
  assert.match(problemsOf('kind: *nowhere\n')[0] ?? '', /^f\.yaml:1:1: .*nowhere/);
});

test('a kind or version that is nearly one of ours is a mistake, not something to ignore', () => {
  assert.deepEqual(problemsOf('apiVersion: v1\nkind: Sevice\nmetadata: {name: a}\n'), [
    'f.yaml:2:1: kind: unknown kind "Sevice"; did you mean "Service"?',
  ]);
  assert.deepEqual(
    problemsOf('apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {name: a}\n'),
    [
      'f.yaml:1:1: apiVersion: EndpointSlice is not read in version "discovery.k8s.io/v1beta1"; use "discovery.k8s.io/v1"',
    ],
  );
  assert.deepEqual(problemsOf('apiVersion: discovery.k8.io/v1\nkind: EndpointSlice\nmetadata: {name: a}\n'), [
    'f.yaml:1:1: apiVersion: unknown API group of EndpointSlice; did you mean "discovery.k8s.io/v1"?',
  ]);
});

test('a kind of the same name in another group is none of ours', () => {
  const text =
    'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {template: {}}\n';
  assert.deepEqual(problemsOf(text), []);
});

test('a document that is no Kubernetes object is reported', () => {
  assert.deepEqual(problemsOf('replicas: 3\n'), [
    'f.yaml:1:1: apiVersion: required field "apiVersion" is missing or no string',
  ]);
  assert.deepEqual(problemsOf('apiVersion: v1\n'), [
    'f.yaml:1:1: kind: required field "kind" is missing or no string',
  ]);
  assert.match(problemsOf('- a\n- b\n')[0] ?? '', /a Kubernetes object .* is expected here/);
});

test('the same object twice in a file is reported with both places', () => {
  assert.deepEqual(problemsOf(`${SERVICE}---\n${SERVICE}`), [
    'f.yaml:10:1: Service default/greeter is already defined at line 1 of this file; keep one',
  ]);
});

test('one wrong object keeps the whole file out', () => {
  const text = `${SERVICE}---\n${SERVICE.replace('greeter', 'other').replace('50051', 'x')}`;
  assert.deepEqual(parseManifest('f.yaml', text).objects, []);
});

test('an address with a port and an address of the other family are reported at the address', () => {
  const slice = (address: string) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: a
  labels: {kubernetes.io/service-name: greeter}
addressType: IPv4
ports: [{name: grpc, port: 1}]
endpoints:
  - addresses:
      - ${address}
`;
  assert.deepEqual(problemsOf(slice('10.0.0.1')), []);
  assert.match(
    problemsOf(slice('10.0.0.1:50051'))[0] ?? '',
    /^f\.yaml:10:9: endpoints\[0\]\.addresses\[0\]: "10\.0\.0\.1:50051" is not an IPv4 address/,
  );
  assert.match(problemsOf(slice('"fd00::1"'))[0] ?? '', /is not an IPv4 address/);
});

test('a slice without the label of its Service gets a warning and is kept', () => {
  const text =
    'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: a}\naddressType: IPv4\nendpoints: []\n';
  const { objects, problems } = parseManifest('f.yaml', text);
  assert.equal(objects.length, 1);
  assert.equal(problems[0]?.severity, 'warning');
  assert.match(problems[0]?.message ?? '', /kubernetes\.io\/service-name/);
});

test('a ServiceEntry is read in all three versions', () => {
  for (const version of ['v1', 'v1beta1', 'v1alpha3']) {
    const { objects, problems } = parseManifest('f.yaml', serviceEntry({ version }));
    assert.deepEqual(problems, []);
    assert.equal(objects[0]?.key, 'ServiceEntry default/external');
  }
});

test('a ServiceEntry with another resolution is kept with a warning', () => {
  const { objects, problems } = parseManifest(
    'f.yaml',
    serviceEntry({ resolution: 'DNS', address: 'example.com' }),
  );
  assert.equal(objects.length, 1);
  assert.match(formatProblem(problems[0]!), /^f\.yaml:7:3: spec\.resolution: only "resolution: STATIC"/);
});

test('a ServiceEntry that contradicts itself is reported', () => {
  assert.match(
    problemsOf(serviceEntry({ address: 'example.com' }))[0] ?? '',
    /needs an IP address, not "example\.com"/,
  );
  assert.match(problemsOf(serviceEntry({ protocol: 'GPRC' }))[0] ?? '', /unknown protocol "GPRC"/);
  assert.match(
    problemsOf(serviceEntry({ resolution: 'NONE' }))[0] ?? '',
    /only used with "resolution: STATIC"/,
  );
  assert.match(
    problemsOf(serviceEntry({ portName: 'other' }))[0] ?? '',
    /^f\.yaml:14:9: spec\.endpoints\[0\]\.ports\.grpc: there is no port named "grpc"/,
  );
});

test('a field that came in through a merge key is found where it was written', () => {
  const text = `apiVersion: v1
kind: Service
metadata: {name: a, annotations: &common {note: x}, labels: {<<: *common, n: 1}}
`;
  assert.deepEqual(problemsOf(text), [
    'f.yaml:3:75: metadata.labels.n: must be a string, not 1 (put it in quotes)',
  ]);
});

test('nothing makes the parser throw: neither depth, nor circles, nor odd keys', () => {
  assert.ok(problemsOf('['.repeat(100_000)).length > 0);
  assert.ok(problemsOf(`${SERVICE}status: &x {a: *x}\n`).length > 0);
  assert.ok(
    problemsOf(`${SERVICE}__proto__: {polluted: true}\n`).some((text) =>
      text.includes('unknown field "__proto__"'),
    ),
  );
  assert.ok(problemsOf(`${SERVICE}? {a: b}\n: c\n`).length > 0);
});

test('whatever is done to a manifest, it is read or its problems have places in it', () => {
  const base = `${SERVICE}---\n${serviceEntry({})}`;
  const edit = fc.record({
    at: fc.nat(base.length),
    remove: fc.nat(12),
    insert: fc.oneof(
      fc.constantFrom('', '\n', ': ', '- ', '  ', '"', '{', '[', '&a ', '*a', '<<: *a', '|', '#', '\t'),
      fc.string({ maxLength: 4 }),
    ),
  });
  const property = fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
    let text = base;
    for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove);
    const { objects, problems } = parseManifest('f.yaml', text);
    const lines = text.split('\n').length;
    for (const { line, column } of problems) assert.ok(line >= 1 && line <= lines && column >= 1);
    if (problems.some((problem) => problem.severity === 'error')) assert.deepEqual(objects, []);
  });
  fc.assert(property, { seed: 3, numRuns: 400 });
});

function serviceEntry({
  version = 'v1',
  resolution = 'STATIC',
  address = '10.0.0.1',
  protocol = 'GRPC',
  portName = 'grpc',
}): string {
  return `apiVersion: networking.istio.io/${version}
kind: ServiceEntry
metadata:
  name: external
spec:
  hosts: [greeter.example.com]
  resolution: ${resolution}
  ports:
    - {name: ${portName}, number: 50051, protocol: ${protocol}}
  endpoints:
    - address: ${address}
      weight: 2
      ports:
        grpc: 50052
`;
}
