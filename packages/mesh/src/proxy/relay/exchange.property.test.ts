import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { assertNothingHeld } from './relay-rig.test.support.js';
import { attemptOf, sentBy, steps, Turmoil } from './turmoil.test.support.js';

it('whatever callers and endpoints do, every call ends, nothing is left behind, and no byte is lost or made up', () => {
  const seen = { well: 0, refused: 0, goaway: 0, connectFailure: 0 };
  const property = fc.property(steps, (sequence) => {
    const turmoil = new Turmoil();
    const { rig } = turmoil;
    for (const step of sequence) turmoil.do(step);
    turmoil.end();
    assertNothingHeld(rig);

    const lost = new Set(
      turmoil.calls.filter(({ peer }) => !turmoil.callers.some((one) => one.peer === peer)),
    );
    for (const call of turmoil.calls) {
      // Who cancelled, or was lost, hears no more of it.
      if (lost.has(call) || (call.stream.closed && !call.over)) continue;
      assert.ok(call.over, 'a call was left without an end');
      if (call.status !== '0') continue;
      seen.well++;
      const attempts = turmoil.requests.filter((one) => one.headers!['x-id'] === turmoil.ids.get(call));
      const answering = attempts.find((one) => attemptOf(one) === call.headers?.['x-attempt'])!;
      assert.ok(call.body.equals(sentBy.get(answering) ?? Buffer.alloc(0)), 'the response');
      const sent = sentBy.get(call) ?? Buffer.alloc(0);
      assert.ok(answering.body.equals(sent.subarray(0, answering.body.length)), 'the request');
      if (answering.ended) assert.equal(answering.body.length, sent.length, 'a request that ended is whole');
    }

    seen.refused += rig.counters.retriesRefusedStream;
    seen.goaway += rig.counters.retriesGoaway;
    seen.connectFailure += rig.counters.retriesConnectFailure;

    // Without callers and endpoints no timer goes on.
    for (const { wire } of turmoil.callers) wire.lose(undefined);
    rig.applyEndpoints([]);
    rig.settle();
    rig.advance(60_000);
    assert.equal(rig.clock.pendingTimers, 0);
    assert.equal(rig.counters.downstreamConnections, 0);
    assert.equal(rig.context.openConnections.size, 0);
  });
  fc.assert(property, { seed: 7, numRuns: 200, endOnFailure: true, includeErrorInReport: true });
  // Or little would have been compared.
  assert.ok(
    Object.values(seen).every((times) => times > 30),
    JSON.stringify(seen),
  );
  assert.ok(seen.well > 1000, JSON.stringify(seen));
});
