import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../random.js';
import { FakeClock } from '../testing/index.js';
import type { ReflectorFailure } from './failure.js';
import { FakeApi, object } from './fake-api.test.support.js';
import type { KubeChange } from './object-store.js';
import { Reflector, type ReflectorOptions } from './reflector.js';

const SLICES = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' };

function rig(over: Partial<ReflectorOptions<string>> = {}) {
  const api = new FakeApi();
  const clock = new FakeClock();
  const changes: string[] = [];
  const failures: ReflectorFailure[] = [];
  let recovered = 0;
  const describe = ({ type, key, object: now, previous }: KubeChange<string>) =>
    `${type} ${key} ${previous ?? '-'} ${now ?? '-'}`;
  const reflector = new Reflector<string>({
    transport: api,
    clock,
    random: seededRandom(1),
    resource: SLICES,
    strip: ({ value }) => (typeof value === 'string' ? value : undefined),
    onChange: (batch) => changes.push(batch.map(describe).join(', ')),
    onFailure: (failure) => failures.push(failure),
    onRecovered: () => recovered++,
    ...over,
  });
  return {
    api,
    clock,
    reflector,
    failures,
    get recovered() {
      return recovered;
    },
    takeChanges: () => changes.splice(0),
    known: () => [...reflector.objects.values()].sort(),
  };
}

/** Listed with a and b at version 10, and watching. */
function following(over: Partial<ReflectorOptions<string>> = {}) {
  const r = rig(over);
  r.reflector.start();
  r.api.answerList('10', [object('a', '3'), object('b', '7')]);
  r.api.openWatch();
  r.takeChanges();
  return r;
}

test('all pages are listed before anything is said, and the watch goes on from there', () => {
  const r = rig({ pageSize: 2, namespace: 'shop', labelSelector: 'x=y' });
  r.reflector.start();
  assert.equal(r.api.lists[0]?.request.path, '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices');
  assert.deepEqual(r.api.asked(), { limit: '2', labelSelector: 'x=y' });
  r.api.answerList('10', [object('a', '3'), object('b', '7')], 'next');
  assert.deepEqual(r.takeChanges(), []);
  assert.equal(r.reflector.isSynced, false);
  assert.deepEqual(r.api.asked(), { limit: '2', continue: 'next', labelSelector: 'x=y' });
  r.api.answerList('10', [object('c', '9')]);
  assert.deepEqual(r.takeChanges(), ['added default/a - a, added default/b - b, added default/c - c']);
  assert.equal(r.reflector.isSynced, true);
  assert.equal(r.reflector.phase, 'watching');
  const { timeoutSeconds, ...asked } = r.api.asked();
  assert.deepEqual(asked, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: '10',
    labelSelector: 'x=y',
  });
  assert.ok(Number(timeoutSeconds) >= 300 && Number(timeoutSeconds) <= 600);
});

test('an empty listing is said, too', () => {
  const r = rig();
  r.reflector.start();
  r.api.answerList('10', []);
  assert.deepEqual(r.takeChanges(), ['']);
});

test('events change what is known, and those that change nothing used are not passed on', () => {
  const r = following();
  r.api.send('ADDED', object('c', '11'));
  r.api.send('MODIFIED', object('a', '12', 'a2'));
  r.api.send('MODIFIED', object('a', '13', 'a2'));
  r.api.send('DELETED', object('b', '14'));
  r.api.send('DELETED', object('b', '14'));
  assert.deepEqual(r.takeChanges(), [
    'added default/c - c',
    'updated default/a a a2',
    'removed default/b b -',
  ]);
  assert.deepEqual(r.known(), ['a2', 'c']);
});

test('an object of which nothing is used any more counts as removed', () => {
  const r = following();
  r.api.send('MODIFIED', { metadata: { name: 'a', namespace: 'default', resourceVersion: '11' } });
  assert.deepEqual(r.takeChanges(), ['removed default/a a -']);
});

test('a watch that ends in good order is renewed at once, from the last event or bookmark', () => {
  const r = following();
  r.api.send('MODIFIED', object('a', '12', 'a2'));
  r.api.endWatch();
  assert.equal(r.api.asked()['resourceVersion'], '12');
  r.api.openWatch();
  r.api.send('BOOKMARK', { metadata: { resourceVersion: '40' } });
  r.api.endWatch();
  assert.equal(r.api.asked()['resourceVersion'], '40');
  assert.equal(r.failures.length, 0);
});

test('a watch that breaks is resumed after a while, and nothing is forgotten meanwhile', () => {
  const r = following();
  r.api.send('MODIFIED', object('a', '12', 'a2'));
  r.api.endWatch({ status: 0 });
  assert.equal(r.reflector.phase, 'waiting');
  assert.deepEqual(r.known(), ['a2', 'b']);
  assert.ok(r.api.isIdle);
  r.clock.advance(200);
  assert.equal(r.api.asked()['resourceVersion'], '12');
  assert.equal(r.recovered, 0);
  r.api.openWatch();
  assert.equal(r.recovered, 1);
  assert.equal(r.reflector.failure, undefined);
});

for (const how of ['as an answer', 'as an event'] as const) {
  test(`410 ${how}: everything is listed at once and compared`, () => {
    const r = following();
    r.clock.advance(5000);
    if (how === 'as an answer') r.api.endWatch({ status: 410, reason: 'Expired' });
    else r.api.send('ERROR', { metadata: {}, kind: 'Status', code: 410, reason: 'Expired' });
    assert.deepEqual(r.api.asked(), { limit: '500' });
    assert.deepEqual(r.known(), ['a', 'b']);
    r.api.answerList('50', [object('b', '45', 'b2'), object('c', '46')]);
    assert.deepEqual(r.takeChanges(), ['removed default/a a -, updated default/b b b2, added default/c - c']);
    assert.equal(r.api.asked()['resourceVersion'], '50');
    assert.equal(r.failures.length, 0);
  });
}

test('a listing that brings the same is no change, and objects stay the same', () => {
  const r = following();
  r.reflector.relist();
  r.api.answerList('50', [object('a', '3'), object('b', '7')]);
  assert.deepEqual(r.takeChanges(), []);
});

test('410 over and over is slowed down', () => {
  const r = following();
  r.api.endWatch({ status: 410 });
  r.api.answerList('50', []);
  r.api.endWatch({ status: 410 });
  assert.equal(r.reflector.phase, 'waiting');
  r.clock.advance(1000);
  assert.deepEqual(r.api.asked(), { limit: '500' });
});

test('410 in the middle of a paged listing lists everything at once', () => {
  const r = rig();
  r.reflector.start();
  r.api.answerList('10', [object('a', '3')], 'next');
  r.api.refuseList({ status: 410, reason: 'Expired' });
  assert.deepEqual(r.api.asked(), {});
  r.api.answerList('20', [object('b', '3')]);
  assert.deepEqual(r.known(), ['b']);
});

test('a server that went back behind what was seen is listed anew', () => {
  const r = following();
  r.api.send('ERROR', {
    metadata: {},
    code: 504,
    reason: 'Timeout',
    message: 'Too large resource version: 10, current: 4',
  });
  r.api.answerList('4', [object('a', '3')]);
  assert.deepEqual(r.known(), ['a']);
  assert.equal(r.api.asked()['resourceVersion'], '4');
});

test('another error in a watch leads to a listing after a while', () => {
  const r = following();
  r.api.send('ERROR', { metadata: {}, code: 500, message: 'etcd lost it' });
  assert.equal(r.failures[0]?.error.message, 'etcd lost it');
  r.clock.advance(1000);
  assert.deepEqual(r.api.asked(), { limit: '500' });
});

test('a forbidden listing is tried again and again, less and less often, and empties nothing', () => {
  const r = following({ backoff: { baseMs: 200, capMs: 5000 } });
  r.api.endWatch({ status: 410 });
  const delays: number[] = [];
  for (let turn = 0; turn < 30; turn++) {
    r.api.refuseList({ status: 403, reason: 'Forbidden' });
    delays.push(r.failures.at(-1)?.retryInMs ?? 0);
    r.clock.advance(5000);
  }
  assert.deepEqual(r.known(), ['a', 'b']);
  assert.deepEqual(r.takeChanges(), []);
  assert.ok(Math.max(...delays) <= 5000 && Math.max(...delays.slice(10)) > 2500);
  // Full jitter: the first waits are short, and no two are the same.
  assert.ok((delays[0] ?? 0) < 600);
  assert.equal(new Set(delays).size, delays.length);
  assert.equal(r.reflector.failure?.attempt, 31);
  r.api.answerList('60', [object('a', '3')]);
  r.api.openWatch();
  assert.equal(r.recovered, 1);
  assert.deepEqual(r.known(), ['a']);
});

test('the server is left alone for as long as it asks', () => {
  const r = following();
  r.api.endWatch({ status: 429, retryAfterMs: 7000 });
  r.clock.advance(6999);
  assert.ok(r.api.isIdle);
  r.clock.advance(1);
  assert.equal(r.api.asked()['watch'], 'true');
});

test('a kind the server does not have is looked for from time to time', () => {
  const r = rig({ absentRetryMs: 10_000 });
  r.reflector.start();
  r.api.refuseList({ status: 404 });
  assert.equal(r.reflector.phase, 'absent');
  r.clock.advance(4999);
  assert.ok(r.api.isIdle);
  r.clock.advance(10_001);
  r.api.answerList('10', [object('a', '3')]);
  r.api.openWatch();
  assert.deepEqual(r.known(), ['a']);
  assert.equal(r.recovered, 1);
});

test('a kind is read in the best version that the server has', () => {
  const r = rig({ otherVersions: ['v1beta1'], absentRetryMs: 10_000 });
  const path = () => r.api.lists[0]?.request.path;
  r.reflector.start();
  assert.equal(path(), '/apis/discovery.k8s.io/v1/endpointslices');
  r.api.refuseList({ status: 404 });
  assert.equal(path(), '/apis/discovery.k8s.io/v1beta1/endpointslices');
  assert.equal(r.failures.length, 0);
  r.api.refuseList({ status: 404 });
  assert.equal(r.reflector.phase, 'absent');
  r.clock.advance(15_000);
  assert.equal(path(), '/apis/discovery.k8s.io/v1/endpointslices');
  r.api.refuseList({ status: 404 });
  r.api.answerList('10', [object('a', '3')]);
  assert.equal(r.reflector.resource.version, 'v1beta1');
  // When it goes away, the other versions are looked for, and what is known stays meanwhile.
  r.api.endWatch({ status: 404 });
  assert.deepEqual(r.known(), ['a']);
  r.clock.advance(15_000);
  r.api.answerList('20', [object('a', '3'), object('b', '12')]);
  assert.deepEqual([r.reflector.resource.version, r.known()], ['v1', ['a', 'b']]);
});

test('a kind that goes away keeps its objects, and is listed when it is back', () => {
  const r = following();
  r.api.endWatch({ status: 404 });
  assert.deepEqual(r.known(), ['a', 'b']);
  r.clock.advance(15_000);
  assert.deepEqual(r.api.asked(), { limit: '500' });
});

test('watches that end at once do not become a storm', () => {
  const r = following();
  for (let turn = 0; turn < 5; turn++) {
    r.api.endWatch();
    while (r.api.isIdle) r.clock.advance(10);
    r.api.openWatch();
  }
  assert.equal(r.failures.at(-1)?.attempt, 5);
  r.clock.advance(1000);
  r.api.endWatch();
  assert.equal(r.reflector.phase, 'watching');
});

test('a page that does not come is given up', () => {
  const r = rig({ listTimeoutMs: 60_000 });
  r.reflector.start();
  r.clock.advance(60_000);
  assert.equal(r.failures[0]?.error.message, 'no answer within 60000 ms');
  assert.ok(r.api.isIdle);
  r.clock.advance(200);
  assert.deepEqual(r.api.asked(), { limit: '500' });
});

test('a watch that is never accepted, or never ends, is given up', () => {
  const r = following();
  r.clock.advance(615_000);
  assert.equal(r.failures[0]?.error.message, 'the watch did not end when it should have');
  r.clock.advance(30_000);
  assert.equal(r.failures[1]?.error.message, 'no answer within 30000 ms');
});

test('the age is 0 while the objects are followed, and grows from the last word of the server', () => {
  const r = rig();
  assert.equal(r.reflector.ageMs, undefined);
  r.reflector.start();
  r.api.answerList('10', []);
  r.api.openWatch();
  r.clock.advance(5000);
  assert.equal(r.reflector.ageMs, 0);
  r.api.send('BOOKMARK', { metadata: { resourceVersion: '11' } });
  r.clock.advance(2000);
  r.api.endWatch({ status: 0 });
  assert.equal(r.reflector.ageMs, 2000);
  r.clock.advance(400);
  assert.equal(r.reflector.ageMs, 2400);
  r.api.openWatch();
  assert.equal(r.reflector.ageMs, 0);
});

test('nothing happens after close, whatever comes', () => {
  const r = following();
  const [watch] = r.api.watches;
  r.reflector.close();
  assert.ok(r.api.isIdle);
  watch?.handlers.onEvent({ type: 'ADDED', object: object('c', '11') });
  watch?.handlers.onEnd(undefined);
  r.reflector.relist();
  assert.ok(r.api.isIdle);
  assert.equal(r.clock.pendingTimers, 0);
  assert.deepEqual(r.known(), ['a', 'b']);
});

test('it may be closed from within a change', () => {
  const r = rig({ onChange: () => r.reflector.close() });
  r.reflector.start();
  r.api.answerList('10', [object('a', '3')]);
  assert.ok(r.api.isIdle);
  assert.equal(r.clock.pendingTimers, 0);
});
