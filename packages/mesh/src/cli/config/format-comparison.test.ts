import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComparedResource } from '../../control/http/client-config.js';
import { formatComparison } from './format-comparison.js';

const resource = (change: Partial<ComparedResource>): ComparedResource => ({
  type: 'Cluster',
  name: 'a',
  held: { name: 'a', timeout: '1s' },
  heldVersion: '1',
  wanted: { name: 'a', timeout: '1s' },
  wantedVersion: '1',
  refusal: undefined,
  ...change,
});

test('what is in sync is a name, what is not is a diff with the reason', () => {
  const differing = resource({
    name: 'b',
    wanted: { name: 'a', timeout: '2s' },
    wantedVersion: '2',
    refusal: 'too long',
  });
  const text = formatComparison({ node: 'n', resources: [resource({}), differing] }, false);
  assert.equal(
    text,
    `n: 2 resources, 1 not as they should be
  Cluster a
  Cluster b: differs (- is held, + is what the control plane has)
    refused: too long
      {
        "name": "a",
    -   "timeout": "1s"
    +   "timeout": "2s"
      }
`,
  );
});

test('only differences are shown when nothing else is asked for', () => {
  assert.equal(
    formatComparison({ node: 'n', resources: [resource({})] }, true),
    'n: 1 resources, all as they should be\n',
  );
});

test('what has not come and what is gone are told apart', () => {
  const missing = formatComparison(
    { node: 'n', resources: [resource({ held: undefined, heldVersion: '' })] },
    true,
  );
  assert.match(missing, /Cluster a: has not come yet/);
  const gone = formatComparison(
    { node: 'n', resources: [resource({ wanted: undefined, wantedVersion: '' })] },
    true,
  );
  assert.match(gone, /Cluster a: is held and exists no more/);
});
