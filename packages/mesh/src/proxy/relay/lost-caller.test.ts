import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNothingHeld, RelayRig } from './relay-rig.test.support.js';

test('what waits for room when its caller is lost is never sent, though room is made', () => {
  const rig = new RelayRig({ relay: { maxConnectionsPerHost: 1 } });
  const [endpoint] = rig.endpoints;
  endpoint!.options = { maxConcurrentStreams: 2 };
  const caller = rig.connect();
  for (let call = 0; call < 6; call++) caller.peer.call({});
  rig.settle();
  assert.equal(endpoint!.calls.length, 2);
  caller.wire.lose(undefined);
  rig.settle();
  assert.equal(endpoint!.calls.length, 2);
  assertNothingHeld(rig);
});
