import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ClosedStreams, ENDED, RESET_BY_US, UNKNOWN } from './closed-streams.js';

it('closed streams are remembered with their ending', () => {
  const closed = new ClosedStreams();
  closed.add(1, ENDED);
  closed.add(3, RESET_BY_US);
  assert.deepEqual(
    [1, 3, 5].map((id) => closed.endingOf(id)),
    [ENDED, RESET_BY_US, UNKNOWN],
  );
});

it('the oldest is forgotten for the 129th, and that is known', () => {
  const closed = new ClosedStreams();
  for (let id = 1; id <= 128; id++) closed.add(id, ENDED);
  assert.equal(closed.complete, true);
  assert.equal(closed.endingOf(1), ENDED);
  closed.add(129, RESET_BY_US);
  assert.equal(closed.complete, false);
  assert.deepEqual(
    [1, 2, 129].map((id) => closed.endingOf(id)),
    [UNKNOWN, ENDED, RESET_BY_US],
  );
});

it('stream 0 is never among them', () => {
  assert.equal(new ClosedStreams().endingOf(0), UNKNOWN);
});
