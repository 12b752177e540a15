import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Mirror } from '@weir/core';
import { CANCEL } from '../../http2/error-code.js';
import { clusterSettings } from '../config/cluster-settings/cluster-settings.test.support.js';
import { Cluster } from '../config/cluster.js';
import { shadowOf } from './mirrors.js';
import { forwardRoute, rigWithRoutes } from './policy-rig.test.support.js';
import { assertNothingHeld, type FakeEndpoint, type RelayRig } from './relay-rig.test.support.js';

const ALL = { numerator: 1, denominator: 1 };
const KiB = 1024;

/** A rig whose requests go to one endpoint, and their copies to another. */
function mirrored(mirror: Partial<Mirror> = {}, timeoutMs = 0) {
  const mirrors = [{ cluster: 'copies', fraction: ALL, ...mirror }];
  const rig = rigWithRoutes([forwardRoute({}, { mirrors, timeoutMs })], { endpoints: 2 });
  const [main, shadow] = rig.endpoints as [FakeEndpoint, FakeEndpoint];
  const { clock, context } = rig;
  const options = { clock, random: context.random, graceMs: 0, onForgotten: () => {} };
  const copies = new Cluster(clusterSettings('copies'), options);
  rig.applyEndpoints([main]);
  copies.applyEndpoints([shadow.endpoint]);
  context.config.cluster = (name) => (name === 'echo' ? rig.cluster : name === 'copies' ? copies : undefined);
  return { rig, main, shadow, copies };
}

function assertNoCopyLeft(rig: RelayRig, copies: Cluster): void {
  assertNothingHeld(rig);
  for (const host of copies.hosts.values()) assert.equal(host.stats.inFlight, 0);
  assert.equal(copies.retryBudget.activeRequests, 0);
}

describe('a mirror', () => {
  it('gets the whole request under an authority of its own, and its answer goes nowhere', () => {
    const { rig, main, shadow, copies } = mirrored();
    const call = rig.connect().peer.call({ 'x-user': 'me' });
    rig.settle();
    call.send('hello ').send('you').sendTrailers({ 'x-sum': '9' });
    rig.settle();
    const [copy] = shadow.calls;
    assert.equal(copy?.headers?.[':authority'], 'echo-shadow:50051');
    assert.equal(copy.headers['x-user'], 'me');
    assert.equal(copy.body.toString(), 'hello you');
    assert.equal(copy.trailers?.['x-sum'], '9');
    copy.respond('from the copy', 13);
    rig.settle();
    assert.equal(call.headers, undefined);
    main.calls[0]!.respond('reply');
    rig.settle();
    assert.equal(main.calls[0]!.headers?.[':authority'], 'echo:50051');
    assert.equal(call.body.toString(), 'reply');
    assert.equal(call.status, '0');
    assertNoCopyLeft(rig, copies);
  });

  it('keeps the authority where the route says so', () => {
    const { rig, shadow } = mirrored({ keepsAuthority: true });
    rig.connect().peer.call({}, true);
    rig.settle();
    assert.equal(shadow.calls[0]!.headers?.[':authority'], 'echo:50051');
  });

  it('that nobody answers does not hold up the call, and is given up after its time', () => {
    const { rig, main, shadow, copies } = mirrored({}, 400);
    const call = rig.connect().peer.call({}, true);
    rig.settle();
    main.calls[0]!.respond();
    rig.settle();
    assert.equal(call.status, '0');
    assert.equal(shadow.calls[0]!.resetCode, undefined);
    rig.advance(400);
    assert.equal(shadow.calls[0]!.resetCode, CANCEL);
    assertNoCopyLeft(rig, copies);
  });

  it('that cannot be reached does not matter', () => {
    const { rig, main, shadow, copies } = mirrored();
    shadow.mode = 'refuse';
    const call = rig.connect().peer.call();
    call.send('hello', true);
    rig.settle();
    main.calls[0]!.respond();
    rig.settle();
    assert.equal(call.status, '0');
    assertNoCopyLeft(rig, copies);
  });

  it('into a cluster that is not known or has no endpoint does not matter', () => {
    for (const cluster of ['nobody', 'copies']) {
      const { rig, main, copies } = mirrored({ cluster });
      copies.applyEndpoints([]);
      const call = rig.connect().peer.call({}, true);
      rig.settle();
      main.calls[0]!.respond();
      rig.settle();
      assert.equal(call.status, '0');
    }
  });

  it('that takes nothing is given up before it holds more than a retry would', () => {
    const { rig, main, shadow, copies } = mirrored();
    shadow.onCall = (copy) => {
      copy.stalled = true;
    };
    const call = rig.connect().peer.call();
    rig.settle();
    call.send(Buffer.alloc(1024 * KiB), true);
    rig.settle();
    assert.equal(main.calls[0]!.body.length, 1024 * KiB);
    assert.equal(shadow.calls[0]!.resetCode, CANCEL);
    main.calls[0]!.respond();
    rig.settle();
    assert.equal(call.status, '0');
    assertNoCopyLeft(rig, copies);
  });

  it('is cancelled with a request that will not be complete', () => {
    const { rig, main, shadow, copies } = mirrored();
    const call = rig.connect().peer.call();
    call.send('half of');
    rig.settle();
    call.reset(CANCEL);
    rig.settle();
    assert.equal(main.calls[0]!.resetCode, CANCEL);
    assert.equal(shadow.calls[0]!.resetCode, CANCEL);
    assertNoCopyLeft(rig, copies);
  });

  it('goes on when the caller has gone after a complete request', () => {
    const { rig, shadow, copies } = mirrored();
    const call = rig.connect().peer.call();
    call.send('all of it', true);
    rig.settle();
    call.reset(CANCEL);
    rig.settle();
    assert.equal(shadow.calls[0]!.resetCode, undefined);
    shadow.calls[0]!.respond();
    rig.settle();
    assertNoCopyLeft(rig, copies);
  });

  it('gets its share of the requests', () => {
    const { rig, main, shadow } = mirrored({ fraction: { numerator: 25, denominator: 100 } });
    main.onCall = (request) => void request.respond();
    shadow.onCall = (request) => void request.respond();
    const { peer } = rig.connect();
    for (let at = 0; at < 1_000; at++) {
      peer.call({}, true);
      rig.settle();
    }
    const copies = shadow.calls.length;
    assert.ok(copies > 190 && copies < 310, `${copies} of 1000`);
  });

  it('gets what came during a delay', () => {
    const { rig, shadow } = mirrored();
    const table = rigWithRoutes([
      forwardRoute(
        { fault: { delay: { delayMs: 100, fraction: ALL } } },
        { mirrors: [{ cluster: 'copies', fraction: ALL }] },
      ),
    ]).context.config.route(50051);
    rig.context.config.route = () => table;
    const call = rig.connect().peer.call();
    call.send('early ').send('bird', true);
    rig.settle();
    assert.equal(shadow.calls.length, 0);
    rig.advance(100);
    assert.equal(shadow.calls[0]!.body.toString(), 'early bird');
    assert.ok(shadow.calls[0]!.ended);
  });
});

describe('the authority of a mirror', () => {
  it('keeps its port', () => {
    assert.equal(shadowOf('echo'), 'echo-shadow');
    assert.equal(shadowOf('echo.default:50051'), 'echo.default-shadow:50051');
    assert.equal(shadowOf('[::1]:50051'), '[::1]-shadow:50051');
  });
});
