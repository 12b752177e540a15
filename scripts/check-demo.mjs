// Reads what `weir demo -o json` printed from standard input and fails unless it tells the story: every call
// before on one pod, the calls after spread over three, and a rollout in which no call failed.
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';

const printed = (await text(process.stdin)).trim();
assert.equal(printed.split('\n').length, 1, 'the demo prints one line of JSON and nothing else');

const { before, after, rollout } = JSON.parse(printed);
const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

assert.equal(Object.keys(before).length, 1, 'before: one pod answers every call');
assert.equal(Object.keys(after).length, 3, 'after: three pods answer');
assert.equal(sum(after), sum(before), 'as many calls after as before');
assert.ok(rollout.calls > 0, 'the rollout ran under load');
assert.equal(rollout.failed, 0, 'no call failed during the rollout');
