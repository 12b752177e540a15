import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiteralCache, MAX_CACHED_LITERAL_BYTES } from './literal-cache.js';

interface Named {
  readonly name: string;
  readonly tag: number;
}

function lookUp(cache: LiteralCache<Named>, text: string, name?: string): Named | undefined {
  const octets = Buffer.from(`--${text}--`, 'latin1');
  return cache.find(octets, 2, octets.length - 2, name);
}

function add(cache: LiteralCache<Named>, text: string, field: Named): void {
  assert.equal(lookUp(cache, text, field.name), undefined);
  const octets = Buffer.from(`--${text}--`, 'latin1');
  cache.store(octets, 2, octets.length - 2, field);
}

test('a field is found by the octets it was stored for, whatever is around them', () => {
  const cache = new LiteralCache<Named>();
  const field = { name: 'n', tag: 1 };
  add(cache, 'abc', field);
  const other = Buffer.from('abc');
  assert.equal(cache.find(other, 0, 3, 'n'), field);
  assert.equal(cache.find(other, 0, 3, undefined), field);
});

test('other octets, a prefix, or a name that does not match find nothing', () => {
  const cache = new LiteralCache<Named>();
  add(cache, 'abc', { name: 'n', tag: 1 });
  assert.equal(lookUp(cache, 'abd', 'n'), undefined);
  assert.equal(lookUp(cache, 'ab', 'n'), undefined);
  assert.equal(lookUp(cache, 'abc', 'm'), undefined);
});

test('later changes of the block do not change the cache', () => {
  const cache = new LiteralCache<Named>();
  const block = Buffer.from('abc');
  cache.find(block, 0, 3, undefined);
  cache.store(block, 0, 3, { name: 'n', tag: 1 });
  block.write('xyz');
  assert.equal(lookUp(cache, 'xyz'), undefined);
  assert.equal(lookUp(cache, 'abc')?.tag, 1);
});

test('with far more literals than slots, what is found is right', () => {
  const cache = new LiteralCache<Named>();
  let found = 0;
  for (let round = 0; round < 2; round++) {
    for (let tag = 0; tag < 3000; tag++) {
      const text = `literal number ${tag}`;
      const field = lookUp(cache, text, 'n');
      if (field === undefined) {
        const octets = Buffer.from(text);
        cache.find(octets, 0, octets.length, 'n');
        cache.store(octets, 0, octets.length, { name: 'n', tag });
      } else {
        found++;
        assert.equal(field.tag, tag);
      }
    }
  }
  assert.ok(found < 3000);
});

test('the longest literal allowed is held', () => {
  const cache = new LiteralCache<Named>();
  const text = 'l'.repeat(MAX_CACHED_LITERAL_BYTES);
  add(cache, text, { name: 'n', tag: 7 });
  assert.equal(lookUp(cache, text, 'n')?.tag, 7);
});
