import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { jsonPatch, type PatchOperation } from './json-patch.js';

/** RFC 6902, the three operations that `jsonPatch` uses, for objects and arrays. */
function apply(value: unknown, operations: readonly PatchOperation[]): unknown {
  const holder = { root: structuredClone(value) };
  for (const { op, path, value: operand } of operations) {
    const tokens = path.split('/').slice(1);
    const keys = ['root', ...tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))];
    const last = keys.pop()!;
    let at = holder as Record<string, unknown>;
    for (const key of keys) at = at[key] as Record<string, unknown>;
    assert.equal(Object.hasOwn(at, last), op !== 'add', `${op} ${path}`);
    if (op === 'remove') delete at[last];
    else at[last] = structuredClone(operand);
  }
  return holder.root;
}

describe('jsonPatch', () => {
  it('turns the one value into the other, whatever they are', () => {
    const json = fc
      .jsonValue({ maxDepth: 4 })
      .filter((value) => !JSON.stringify(value).includes('__proto__'));
    const clean = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    fc.assert(
      fc.property(json, json, (a, b) => {
        const [before, after] = [clean(a), clean(b)];
        assert.deepEqual(apply(before, jsonPatch(before, after)), after);
      }),
      { seed: 11, numRuns: 2_000 },
    );
  });

  it('says nothing about what is the same', () => {
    assert.deepEqual(jsonPatch({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }), []);
  });

  it('names fields with slashes and tildes as RFC 6901 has it', () => {
    assert.deepEqual(jsonPatch({}, { 'weir.dev/a~b': 1 }), [
      { op: 'add', path: '/weir.dev~1a~0b', value: 1 },
    ]);
  });

  it('touches only the member of an array that differs', () => {
    assert.deepEqual(jsonPatch([{ a: 1 }, { a: 2 }], [{ a: 1 }, { a: 3 }]), [
      { op: 'replace', path: '/1/a', value: 3 },
    ]);
  });
});
