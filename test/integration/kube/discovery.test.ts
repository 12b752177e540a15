import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { callUnary, countByServer, type EchoClient } from '../../support/echo-client.js';
import { at, listAt, textAt, type ApiObject } from '../../support/kube-apiserver/objects/api-object.js';
import { KubeMesh } from '../../support/kube-mesh.js';
import { until } from '../../support/until.js';

// Control plane, sidecar and real gRPC peers, with an API server that does what real ones do to their clients.

let mesh: KubeMesh;
let client: EchoClient;

before(async () => {
  mesh = await KubeMesh.create();
  await mesh.addPod('a');
  await mesh.addPod('b');
  await mesh.publish();
  await mesh.start();
  client = mesh.client();
});
after(() => mesh.destroy());
afterEach(() => mesh.api.faults.clear());

/** Calls without a pause until it is stopped. */
function load(lanes = 4) {
  const stopped = new AbortController();
  let calls = 0;
  const failures: string[] = [];
  const lane = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await callUnary(client).catch((error: unknown) => failures.push(String(error)));
      calls++;
    }
  };
  const done = Promise.all(Array.from({ length: lanes }, lane));
  return {
    failures,
    stop: async () => {
      stopped.abort();
      await done;
      return { calls, failures };
    },
  };
}

const answering = async (): Promise<string[]> => Object.keys(await countByServer(client, 12)).sort();
const untilAnswering = (names: string[], timeoutMs = 5000) =>
  until(
    `${names.join(', ')} answer`,
    async () => assert.deepEqual(await answering(), names) === undefined,
    timeoutMs,
  );
const metric = async (name: string): Promise<number> => {
  const { body } = await mesh.control.getControl('/metrics');
  const line = body.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length));
};

test('calls are spread over the pods of the cluster', async () => {
  await untilAnswering(['a', 'b']);
  const { body } = await mesh.control.getControl('/status');
  const status: unknown = JSON.parse(body);
  assert.equal(textAt(status, 'cluster'), mesh.api.url);
  assert.equal(textAt(status, 'kinds', 'EndpointSlice', 'phase'), 'watching');
  assert.equal(textAt(status, 'kinds', 'VirtualService', 'phase'), 'absent');
});

test('a new pod is in rotation within a second, and an ending one gets nothing new after 200 ms', async () => {
  const calling = load();
  const added = await mesh.addPod('c');
  const addedMs = performance.now();
  await mesh.publish();
  await until('c is called', () => added.calls > 0, 5000);
  const inRotationMs = performance.now() - addedMs;
  assert.ok(inRotationMs < 1000, `c was called after ${inRotationMs} ms`);

  mesh.mark('c', { terminating: true });
  await mesh.publish();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { calls } = added;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(added.calls, calls);
  await mesh.removePod('c');
  assert.deepEqual((await calling.stop()).failures, []);
});

test('a rollout of all pods, in slices of two, loses no call', async () => {
  mesh.slices = { maxPerSlice: 2 };
  await mesh.publish();
  const calling = load();
  let generation = ['a', 'b'];
  for (const names of [
    ['d', 'e'],
    ['f', 'g'],
    ['a', 'b'],
  ]) {
    for (const [index, name] of names.entries()) {
      await mesh.addPod(name);
      await mesh.publish();
      await new Promise((resolve) => setTimeout(resolve, 150));
      const old = generation[index] ?? '';
      mesh.mark(old, { terminating: true });
      await mesh.publish();
      // What a pod's grace is for.
      await new Promise((resolve) => setTimeout(resolve, 300));
      await mesh.removePod(old);
    }
    generation = names;
  }
  const { calls, failures } = await calling.stop();
  assert.deepEqual(failures, []);
  assert.ok(calls > 200, `${calls} calls`);
  await untilAnswering(['a', 'b']);
});

for (const [what, happens] of [
  ['its connections break', () => mesh.api.dropWatches()],
  ['it ends its watches', () => mesh.api.endWatches()],
  ['it has forgotten its history', () => mesh.api.expire()],
  ['it forbids everything for a while', () => mesh.api.faults.refuse({}, 403)],
  ['it answers 500 for a while', () => mesh.api.faults.refuse({}, 500)],
  ['it asks to be left alone', () => mesh.api.faults.refuse({}, 429)],
] as const) {
  test(`the API server: ${what}, and no call fails`, async () => {
    const calling = load();
    happens();
    if (what.endsWith('while') || what.endsWith('alone')) mesh.api.dropWatches();
    await new Promise((resolve) => setTimeout(resolve, 700));
    mesh.api.faults.clear();
    // What changed meanwhile is seen when it is back.
    const added = await mesh.addPod('late');
    await mesh.publish();
    await until('the late pod is called', () => added.calls > 0, 8000);
    mesh.mark('late', { terminating: true });
    await mesh.publish();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await mesh.removePod('late');
    assert.deepEqual((await calling.stop()).failures, []);
  });
}

test('the API server is killed under load and comes back: calls go on, and the age tells', async () => {
  const calling = load();
  const isCurrent = async () => (await metric('weir_control_source_age_seconds')) === 0;
  await until('all is current', isCurrent, 10_000);
  await mesh.api.stop();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.ok((await metric('weir_control_source_age_seconds')) > 1);
  assert.equal(await metric('weir_control_kind_failing{kind="EndpointSlice"}'), 1);
  await until('the reason is told', async () => {
    const { body } = await mesh.control.getControl('/status');
    const failure = textAt(JSON.parse(body), 'kinds', 'Service', 'failure');
    return /cannot watch services .*nobody listens at/.test(failure);
  });
  await mesh.api.start();
  await mesh.addPod('h');
  await mesh.publish();
  await untilAnswering(['a', 'b', 'h'], 10_000);
  await until('all is current', isCurrent, 10_000);
  mesh.mark('h', { terminating: true });
  await mesh.publish();
  await untilAnswering(['a', 'b']);
  await mesh.removePod('h');
  assert.deepEqual((await calling.stop()).failures, []);
});

test('what is forbidden is named with the rule to add', async () => {
  const message = await mesh.control.process.logged(
    /ERROR cannot (list|watch) endpointslices\.discovery\.k8s\.io .*\(403\)/,
  );
  assert.match(message, /add to a ClusterRole of this ServiceAccount: \{apiGroups: \["discovery\.k8s\.io"\]/);
});

test('a kind that is installed later is picked up; its mistakes are told in its status', async () => {
  await mesh.api.apply(crd('virtualservices', 'VirtualService'));
  const rule = (spec: object) =>
    mesh.api.apply({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'echo', namespace: 'default' },
      spec,
    });
  const stored = (): ApiObject | undefined =>
    mesh.api.get('networking.istio.io/v1', 'VirtualService', 'echo');
  const condition = () =>
    listAt(stored(), 'status', 'conditions').find((each) => textAt(each, 'type') === 'weir.dev/Accepted');
  const header = async () => (await callUnary(client)).headers.get('x-rule')[0];
  const marked = (mark: string, more: object = {}) => ({
    hosts: ['echo'],
    http: [
      {
        headers: { response: { set: { 'x-rule': mark } } },
        route: [{ destination: { host: 'echo' } }],
        ...more,
      },
    ],
  });

  await rule(marked('one'));
  await until('the rule is in force', async () => (await header()) === 'one', 40_000);
  assert.equal(condition(), undefined);

  await rule({ ...marked('two'), htpp: [] });
  await until('the mistake is told', () => condition() !== undefined);
  assert.equal(textAt(condition(), 'status'), 'False');
  assert.match(
    textAt(condition(), 'message'),
    /WEIR0002 spec\.htpp: unknown field "htpp".*did you mean "http"/,
  );
  assert.equal(at(condition(), 'observedGeneration'), 2);
  // The last good version stays in force.
  assert.equal(await header(), 'one');
  await mesh.control.process.logged(/VirtualService default\/echo: spec\.htpp: unknown field/);

  await rule(marked('three'));
  await until('the mended rule is in force', async () => (await header()) === 'three');
  await until('the status is mended', () => textAt(condition(), 'reason') === 'Valid');

  await mesh.api.remove('networking.istio.io/v1', 'VirtualService', 'echo');
  await until('the rule is gone', async () => (await header()) === undefined);
});

function crd(plural: string, kind: string) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.networking.istio.io` },
    spec: {
      group: 'networking.istio.io',
      scope: 'Namespaced',
      names: { plural, kind },
      // As an older Istio has it; the newer version is not there.
      versions: [
        { name: 'v1', served: true, storage: true, subresources: { status: {} } },
        { name: 'v1beta1', served: true, storage: false, subresources: { status: {} } },
      ],
    },
  };
}
