import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EndpointSlice, SliceConditions, SliceEndpoint } from './endpoint-slice.js';
import { mergeSlices } from './merge-slices.js';

type Conditions = SliceConditions;

const READY: Conditions = { ready: true, serving: true, terminating: false };
const ENDING: Conditions = { ready: false, serving: true, terminating: true };
const ENDED: Conditions = { ready: false, serving: false, terminating: true };
const NOT_READY: Conditions = { ready: false, serving: false, terminating: false };

function slice(endpoints: SliceEndpoint[], over: Partial<EndpointSlice> = {}): EndpointSlice {
  return {
    metadata: { name: 'x', namespace: 'default' },
    addressType: 'IPv4',
    ports: [{ name: 'grpc', port: 50051 }],
    endpoints,
    ...over,
  };
}

const endpoint = (
  address: string,
  conditions?: Conditions,
  over: Partial<SliceEndpoint> = {},
): SliceEndpoint => ({
  addresses: [address],
  conditions,
  ...over,
});

const summary = (slices: EndpointSlice[], family: 'IPv4' | 'IPv6' = 'IPv4') =>
  mergeSlices(slices, 'grpc', family).map(({ host, port, health }) => `${host}:${port} ${health}`);

test('ready endpoints of all slices are used, each with the port number of its slice', () => {
  const slices = [
    slice([endpoint('10.0.0.2', READY)]),
    slice([endpoint('10.0.0.1')], {
      ports: [
        { name: 'http', port: 80 },
        { name: 'grpc', port: 6000 },
      ],
    }),
  ];
  assert.deepEqual(summary(slices), ['10.0.0.1:6000 healthy', '10.0.0.2:50051 healthy']);
});

test('a slice without a port of that name gives nothing', () => {
  assert.deepEqual(summary([slice([endpoint('10.0.0.1')], { ports: [{ name: 'http', port: 80 }] })]), []);
  assert.deepEqual(summary([slice([endpoint('10.0.0.1')], { ports: [{ name: 'grpc' }] })]), []);
});

test('a Service port without a name takes the slice port without a name', () => {
  const slices = [slice([endpoint('10.0.0.1')], { ports: [{ port: 7 }] })];
  assert.deepEqual(
    mergeSlices(slices, '', 'IPv4').map((each) => each.port),
    [7],
  );
});

test('conditions that are absent mean ready', () => {
  assert.deepEqual(
    summary([slice([endpoint('10.0.0.1', {}), endpoint('10.0.0.2', { terminating: false })])]),
    ['10.0.0.1:50051 healthy', '10.0.0.2:50051 healthy'],
  );
});

test('what is not ready is left out, and what is ending drains', () => {
  const endpoints = [
    endpoint('10.0.0.1', READY),
    endpoint('10.0.0.2', NOT_READY),
    endpoint('10.0.0.3', ENDING),
    endpoint('10.0.0.4', { terminating: true }),
    endpoint('10.0.0.5', ENDED),
  ];
  assert.deepEqual(summary([slice(endpoints)]), [
    '10.0.0.1:50051 healthy',
    '10.0.0.3:50051 draining',
    '10.0.0.4:50051 draining',
    '10.0.0.5:50051 draining',
  ]);
});

test('endpoints that end but serve are used when nothing else is left', () => {
  const endpoints = [
    endpoint('10.0.0.1', NOT_READY),
    endpoint('10.0.0.2', ENDING),
    endpoint('10.0.0.3', ENDED),
  ];
  assert.deepEqual(summary([slice(endpoints)]), ['10.0.0.2:50051 healthy', '10.0.0.3:50051 draining']);
});

test('endpoints that no longer serve are never used', () => {
  assert.deepEqual(summary([slice([endpoint('10.0.0.1', ENDED)])]), ['10.0.0.1:50051 draining']);
});

test('an endpoint on its way between two slices counts once, and as ready if either says so', () => {
  const slices = [
    slice([endpoint('10.0.0.1', ENDING), endpoint('10.0.0.2')]),
    slice([endpoint('10.0.0.1', READY)]),
  ];
  assert.deepEqual(summary(slices), ['10.0.0.1:50051 healthy', '10.0.0.2:50051 healthy']);
});

test('a dual-stack pod is reached once, by the preferred family', () => {
  const ref = { targetRef: { kind: 'Pod', name: 'a' } };
  const slices = [
    slice([endpoint('10.0.0.1', READY, ref)]),
    slice([endpoint('fd00::1', READY, ref), endpoint('fd00::2', READY)], { addressType: 'IPv6' }),
  ];
  assert.deepEqual(summary(slices), ['10.0.0.1:50051 healthy', 'fd00::2:50051 healthy']);
  assert.deepEqual(summary(slices, 'IPv6'), ['fd00::1:50051 healthy', 'fd00::2:50051 healthy']);
});

test('a slice of host names gives nothing', () => {
  assert.deepEqual(summary([slice([endpoint('a.example.com')], { addressType: 'FQDN' })]), []);
});

test('zone, zone hints, host name and pod come along', () => {
  const over = {
    zone: 'b',
    hints: { forZones: [{ name: 'b' }, { name: 'c' }] },
    hostname: 'pod-1',
    targetRef: { kind: 'Pod', name: 'pod-1' },
  };
  const [only] = mergeSlices([slice([endpoint('10.0.0.1', READY, over)])], 'grpc', 'IPv4');
  assert.deepEqual(only?.locality, { region: '', zone: 'b', subZone: '' });
  assert.deepEqual(only?.zoneHints, ['b', 'c']);
  assert.equal(only?.hostname, 'pod-1');
  assert.equal(only?.pod, 'pod-1');
});

test('where an endpoint is, is said by its slice, else by its pod, else by its node', () => {
  const labels = {
    'topology.kubernetes.io/zone': 'of-pod',
    'topology.kubernetes.io/region': 'pod-region',
  };
  const localityOf = (over: Partial<SliceEndpoint>) =>
    mergeSlices([slice([endpoint('10.0.0.1', READY, over)])], 'grpc', 'IPv4', {
      labelsOf: (_namespace, pod) => (pod === '' ? {} : labels),
      placeOf: (node) => (node === '' ? { region: '', zone: '' } : { region: 'r', zone: 'of-node' }),
    })[0]?.locality;
  const targetRef = { name: 'a' };
  assert.deepEqual(localityOf({ nodeName: 'n' }), { region: 'r', zone: 'of-node', subZone: '' });
  assert.deepEqual(localityOf({ nodeName: 'n', targetRef }), {
    region: 'pod-region',
    zone: 'of-pod',
    subZone: '',
  });
  assert.deepEqual(localityOf({ nodeName: 'n', targetRef, zone: 'of-slice' })?.zone, 'of-slice');
  assert.deepEqual(localityOf({}), { region: '', zone: '', subZone: '' });
});

test('however the endpoints are spread over slices, and in whatever order, the result is the same', () => {
  const conditions = fc.constantFrom(READY, ENDING, ENDED, NOT_READY, {}, undefined);
  const endpoints = fc.uniqueArray(fc.record({ number: fc.integer({ min: 1, max: 250 }), conditions }), {
    selector: (each) => each.number,
    maxLength: 40,
  });
  const property = fc.property(
    endpoints,
    fc.array(fc.nat(), { minLength: 40, maxLength: 120 }),
    (specs, choices) => {
      const all = specs.map((spec) =>
        endpoint(`10.0.0.${spec.number}`, spec.conditions, { zone: `z${spec.number % 3}` }),
      );
      const expected = mergeSlices([slice(all)], 'grpc', 'IPv4');
      const parts: SliceEndpoint[][] = Array.from({ length: 1 + ((choices[0] ?? 0) % 7) }, () => []);
      let next = 0;
      const choose = (bound: number) => (choices[++next % choices.length] ?? 0) % bound;
      for (const each of all) {
        parts[choose(parts.length)]?.splice(choose(4), 0, each);
        // Some stand in two slices, as while they are moved.
        if (choose(4) === 0) parts[choose(parts.length)]?.push(each);
      }
      assert.deepEqual(
        mergeSlices(
          parts.map((part) => slice(part)),
          'grpc',
          'IPv4',
        ),
        expected,
      );
    },
  );
  fc.assert(property, { seed: 2, numRuns: 300 });
});
