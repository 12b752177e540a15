import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { ResourceStore } from './resource-store.js';

/** Resources are texts `name=content`; content `bad` is refused, anything without `=` cannot be decoded. */
function setUp(complete: boolean) {
  const clock = new FakeClock(1000);
  const store = new ResourceStore(
    {
      typeUrl: 't',
      label: 'Thing',
      complete,
      decode(bytes) {
        const [name = '', content] = Buffer.from(bytes).toString().split('=');
        if (content === undefined) throw new Error('no "="');
        return { name, content };
      },
      nameOf: ({ name }) => name,
      read({ content }, _version, findings) {
        if (content === 'bad') findings.error('content', 'is bad');
        if (content === 'odd') findings.warn('content', 'is odd');
        return { content };
      },
    },
    clock,
  );
  const apply = (version: string, ...texts: string[]) =>
    store.apply(
      version,
      texts.map((text) => ({ typeUrl: 't', value: Buffer.from(text) })),
    );
  const state = () => store.resources.map(({ name, content }) => `${name}=${content.content}`);
  return { clock, store, apply, state };
}

test('of a complete type, what a response leaves out is gone', () => {
  const { apply, state } = setUp(true);
  apply('1', 'a=1', 'b=1');
  apply('2', 'b=2', 'c=2');
  assert.deepEqual(state(), ['b=2', 'c=2']);
});

test('of the other types, what a response leaves out stays', () => {
  const { apply, state } = setUp(false);
  apply('1', 'a=1', 'b=1');
  apply('2', 'b=2');
  assert.deepEqual(state(), ['a=1', 'b=2']);
});

test('a bad resource keeps its last good state and does not hold up the others', () => {
  const { store, apply, state } = setUp(true);
  apply('1', 'a=1', 'b=1', 'gone=1');
  const { errors } = apply('2', 'a=bad', 'b=2');
  assert.deepEqual(errors, ['Thing a: content: is bad']);
  assert.deepEqual(state(), ['a=1', 'b=2']);
  assert.equal(store.version, '1');
  assert.deepEqual([store.acceptedTotal, store.rejectedTotal], [1, 1]);
});

test('nothing is removed while a resource cannot be decoded, since it may be the missing one', () => {
  const { apply, state } = setUp(true);
  apply('1', 'a=1', 'b=1');
  const { errors } = apply('2', 'a=2', 'garbage');
  assert.deepEqual(errors, ['Thing number 1: cannot be decoded: no "="']);
  assert.deepEqual(state(), ['a=2', 'b=1']);
});

test('a resource that has not changed is not read again', () => {
  const { clock, store, apply } = setUp(true);
  assert.deepEqual(apply('1', 'a=odd').warnings, ['Thing a: content: is odd']);
  const before = store.get('a');
  clock.advance(10);
  assert.deepEqual(apply('2', 'a=odd').warnings, []);
  assert.equal(store.get('a'), before);
  assert.equal(store.version, '2');
  assert.equal(store.updatedWallMs, 1010);
});

test('what is kept does not share memory with the response', () => {
  const { store } = setUp(true);
  const response = Buffer.from('a=1');
  store.apply('1', [{ typeUrl: 't', value: response }]);
  response.fill(0);
  assert.equal(Buffer.from(store.get('a')!.value).toString(), 'a=1');
});

test('two resources of one name and a resource of another type are refused', () => {
  const { store, apply } = setUp(true);
  assert.deepEqual(apply('1', 'a=1', 'a=2').errors, ['Thing a: is in the response twice']);
  const { errors } = store.apply('2', [{ typeUrl: 'u', value: Buffer.from('b=1') }]);
  assert.deepEqual(errors, ['Thing number 0: is of type u in a response of t']);
});
