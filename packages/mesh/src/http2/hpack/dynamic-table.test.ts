import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DynamicTable } from './dynamic-table.js';
import { HeaderField } from './header-field.js';

function numbered(n: number): HeaderField {
  return new HeaderField('n', String(n));
}

test('index 0 is the newest field, and there is none beyond the oldest', () => {
  const table = new DynamicTable(4096);
  assert.equal(table.at(0), undefined);
  const fields = [numbered(1), numbered(2), numbered(3)];
  for (const field of fields) table.insert(field);
  assert.equal(table.at(0), fields[2]);
  assert.equal(table.at(2), fields[0]);
  assert.equal(table.at(3), undefined);
});

test('there is nothing beyond the oldest, however many fields there are', () => {
  const table = new DynamicTable(1 << 20);
  for (let n = 1; n <= 64; n++) {
    table.insert(numbered(n));
    assert.equal(table.at(n - 1)?.value, '1');
    assert.equal(table.at(n), undefined);
  }
});

test('eviction takes the oldest field and gives back its size', () => {
  const table = new DynamicTable(4096);
  const [first, second] = [numbered(1), numbered(22)];
  table.insert(first);
  table.insert(second);
  assert.equal(table.bytes, first.size + second.size);
  assert.equal(table.evictOldest(), first);
  assert.equal(table.bytes, second.size);
  assert.equal(table.length, 1);
  assert.equal(table.at(0), second);
  assert.equal(table.at(1), undefined);
});

test('the table keeps its order while it grows and its window moves', () => {
  const table = new DynamicTable(1 << 20);
  const inTable: HeaderField[] = [];
  for (let n = 1; n <= 500; n++) {
    const field = numbered(n);
    table.insert(field);
    inTable.unshift(field);
    if (n % 3 === 0) assert.equal(table.evictOldest(), inTable.pop());
    if (n % 50 !== 0) continue;
    assert.equal(table.length, inTable.length);
    inTable.forEach((expected, index) => {
      assert.equal(table.at(index), expected);
      assert.equal(table.atNumber(table.inserted - index), expected);
    });
  }
});
