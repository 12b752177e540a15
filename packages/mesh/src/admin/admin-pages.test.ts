import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdminHandler, textResponse } from './admin-pages.js';

const get = createAdminHandler('weir proxy', [
  { path: '/ready', about: 'whether traffic is welcome', render: () => textResponse(200, 'ready\n') },
  {
    path: '/broken',
    about: 'fails',
    render() {
      throw new Error('no such luck');
    },
  },
]);

test('the index and the answer to an unknown path list what there is', async () => {
  const index = await get('/');
  assert.equal(index.status, 200);
  assert.match(
    index.body,
    /^weir proxy\n\n {2}\/ready {3}whether traffic is welcome\n {2}\/broken {2}fails\n$/,
  );
  const unknown = await get('/nothing?x=1');
  assert.equal(unknown.status, 404);
  assert.match(unknown.body, /^There is no "\/nothing" here, only:\n\n {2}\/ready/);
});

test('a page that fails answers 500 and says why', async () => {
  assert.deepEqual(await get('/broken'), textResponse(500, '/broken failed: no such luck\n'));
});
