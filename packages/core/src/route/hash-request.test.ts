import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { xxHash64 } from '../hash/xxhash64.js';
import type { HashPolicy } from './hash-policy.js';
import { hashRequest, type RequestHash } from './hash-request.js';

const caller = { ip: '10.0.0.1', connection: '10.0.0.1:4711' };

function bind(
  policies: readonly HashPolicy[],
  headers: Readonly<Record<string, string>> = {},
  path = '/',
): RequestHash {
  return hashRequest(
    policies,
    { authority: 'a', path, method: 'POST', header: (name) => headers[name] },
    caller,
  );
}

describe('hashRequest', () => {
  it('binds by header, parameter or source address', () => {
    assert.deepEqual(bind([{ kind: 'header', name: 'X-User' }], { 'x-user': 'ann' }).hash, xxHash64('ann'));
    assert.deepEqual(bind([{ kind: 'query', name: 'user' }], {}, '/?user=ann').hash, xxHash64('ann'));
    assert.deepEqual(bind([{ kind: 'source-ip' }]).hash, xxHash64('10.0.0.1'));
  });

  it('binds by nothing when nothing is there', () => {
    assert.equal(bind([]).hash, undefined);
    assert.equal(
      bind([
        { kind: 'header', name: 'x-user' },
        { kind: 'query', name: 'q' },
      ]).hash,
      undefined,
    );
  });

  it('binds by a cookie, quoted or not, in one field or several', () => {
    const policies: HashPolicy[] = [{ kind: 'cookie', name: 'user', ttlMs: 0 }];
    for (const cookie of ['user=ann', 'a=b; user=ann', 'a=b,user="ann"', ' user = ann ;x']) {
      const { hash, setCookies } = bind(policies, { cookie });
      assert.deepEqual([hash, setCookies], [xxHash64('ann'), []], cookie);
    }
    assert.equal(bind([{ kind: 'cookie', name: 'user' }], { cookie: 'users=ann' }).hash, undefined);
  });

  it('gives a caller without the cookie one, the same for all of its connection', () => {
    const attributes = [
      { name: 'SameSite', value: 'Strict' },
      { name: 'Secure', value: '' },
    ];
    const policies: HashPolicy[] = [{ kind: 'cookie', name: 'user', ttlMs: 60_500, path: '/a', attributes }];
    const { hash, setCookies } = bind(policies);
    assert.match(
      setCookies[0] ?? '',
      /^user="[0-9a-f]{16}"; Max-Age=61; Path=\/a; SameSite=Strict; Secure; HttpOnly$/,
    );
    assert.deepEqual(bind(policies), { hash, setCookies });
    const value = setCookies[0]!.slice(6, 22);
    assert.deepEqual(bind(policies, { cookie: `user=${value}` }).hash, hash);
    assert.match(
      bind([{ kind: 'cookie', name: 'user', ttlMs: 0 }]).setCookies[0] ?? '',
      /^user="\w+"; HttpOnly$/,
    );
  });

  it('takes all policies together, in their order, and none twice for nothing', () => {
    const [a, b]: [HashPolicy, HashPolicy] = [
      { kind: 'header', name: 'a' },
      { kind: 'header', name: 'b' },
    ];
    const headers = { a: 'one', b: 'two' };
    const both = bind([a, b], headers).hash!;
    assert.notDeepEqual(both, bind([b, a], headers).hash);
    assert.notDeepEqual(both, bind([a], headers).hash);
    const { high, low } = bind([a, a], headers).hash!;
    assert.ok(high !== 0 || low !== 0);
  });

  it('stops at a terminal policy that has given a hash', () => {
    const policies: HashPolicy[] = [
      { kind: 'header', name: 'a', terminal: true },
      { kind: 'header', name: 'b' },
    ];
    assert.deepEqual(bind(policies, { a: 'one', b: 'two' }).hash, xxHash64('one'));
    assert.deepEqual(bind(policies, { b: 'two' }).hash, xxHash64('two'));
  });
});
