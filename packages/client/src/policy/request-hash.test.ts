import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { xxHash64 } from '@weir/core';
import { hashOf } from './request-hash.js';

const request = (routeHash?: string, value?: string) => ({ routeHash, header: () => value });

describe('hashOf', () => {
  it('is that of the metadata which the policy names', () => {
    assert.deepEqual(hashOf(request('7', 'ann'), 'x-user'), xxHash64('ann'));
    assert.equal(hashOf(request('7'), 'x-user'), undefined);
  });

  it('is the one of the xDS route where the policy names none', () => {
    assert.deepEqual(hashOf(request('18446744073709551615'), undefined), {
      high: 2 ** 32 - 1,
      low: 2 ** 32 - 1,
    });
    assert.deepEqual(hashOf(request('4294967297'), undefined), { high: 1, low: 1 });
    assert.equal(hashOf(request('no number'), undefined), undefined);
    assert.equal(hashOf(request(), undefined), undefined);
  });
});
