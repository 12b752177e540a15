import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FieldInterner, HeaderField } from './header-field.js';
import { DECODE_OK, HpackDecoder } from './hpack-decoder.js';
import { HpackEncoder } from './hpack-encoder.js';

function encode(encoder: HpackEncoder, ...fields: readonly HeaderField[]): Buffer {
  const bound = encoder.encodedBound(fields);
  const out = Buffer.alloc(bound + 3);
  const end = encoder.encode(fields, out, 3);
  assert.ok(end - 3 <= bound);
  return out.subarray(3, end);
}

function newEncoder(maxTableBytes = 4096): HpackEncoder {
  return new HpackEncoder({ maxTableBytes });
}

const tenant = new HeaderField('x-tenant', 'blue');
const path = new HeaderField(':path', '/helloworld.Greeter/SayHello');

test('a static entry takes one octet', () => {
  const fields = [new HeaderField(':method', 'POST'), new HeaderField(':scheme', 'http')];
  assert.deepEqual([...encode(newEncoder(), ...fields)], [0x83, 0x86]);
});

test('a field is spelled out, then indexed, and from the third time on takes one octet', () => {
  const encoder = newEncoder();
  const first = encode(encoder, tenant);
  assert.deepEqual([...first], [0x00, 8, ...Buffer.from('x-tenant'), 4, ...Buffer.from('blue')]);
  const second = encode(encoder, tenant);
  assert.deepEqual([...second], [0x40, ...first.subarray(1)]);
  assert.deepEqual([...encode(encoder, tenant)], [0xbe]);
});

test('an equal field, though another object, counts and is found as the same', () => {
  const encoder = newEncoder();
  const twin = (): HeaderField => new HeaderField(tenant.name, tenant.value);
  encode(encoder, twin());
  assert.equal(encode(encoder, twin())[0], 0x40);
  assert.deepEqual([...encode(encoder, twin())], [0xbe]);
  assert.deepEqual([...encode(encoder, tenant)], [0xbe]);
});

test('an equal field is found behind newer ones of the same name', () => {
  const encoder = newEncoder();
  const [red, green] = [new HeaderField('x-tenant', 'red'), new HeaderField('x-tenant', 'green')];
  encode(encoder, tenant, tenant, red, red, green, green);
  assert.deepEqual([...encode(encoder, new HeaderField('x-tenant', 'blue'))], [0xc0]);
});

test('names are referred to by index in either table', () => {
  const encoder = newEncoder();
  assert.equal(encode(encoder, path)[0], 0x04);
  encode(encoder, tenant, tenant);
  assert.deepEqual(
    [...encode(encoder, new HeaderField('x-tenant', 'red'))],
    [0x0f, 0x2f, 3, ...Buffer.from('red')],
  );
});

test('what enters the table is Huffman coded when long, and nothing else', () => {
  const encoder = newEncoder();
  const spelled = encode(encoder, path).length;
  assert.equal(spelled, 2 + path.value.length);
  assert.ok(encode(encoder, path).length < spelled);
});

test('of a volatile field one value is indexed, to have the name in the table, and no other', () => {
  const encoder = newEncoder();
  assert.equal(encode(encoder, new HeaderField('grpc-timeout', '999m'))[0], 0x40);
  for (const timeout of ['998m', '997m', '998m', '997m']) {
    const octets = encode(encoder, new HeaderField('grpc-timeout', timeout));
    assert.deepEqual([...octets], [0x0f, 0x2f, 4, ...Buffer.from(timeout)]);
  }
  assert.deepEqual([...encode(encoder, new HeaderField('grpc-timeout', '999m'))], [0xbe]);
  for (let i = 0; i < 3; i++) assert.equal(encode(encoder, new HeaderField('content-length', '5'))[0], 0x0f);
});

test('values that never repeat do not drive out those that do', () => {
  const encoder = newEncoder(512);
  encode(encoder);
  encode(encoder, tenant, path);
  encode(encoder, tenant, path);
  for (let i = 0; i < 1000; i++) {
    const passing = new HeaderField('x-passing', `value ${i}`);
    assert.deepEqual([...encode(encoder, tenant, path, passing).subarray(0, 2)], [0xbf, 0xbe]);
  }
});

test('a field of more than a quarter of the table is not indexed', () => {
  const encoder = newEncoder();
  const large = new HeaderField('x', 'v'.repeat(1024 - 33 + 1));
  const largest = new HeaderField('x', 'v'.repeat(1024 - 33));
  for (let i = 0; i < 3; i++) assert.equal(encode(encoder, large)[0], 0x00);
  encode(encoder, largest, largest);
  assert.deepEqual([...encode(encoder, largest)], [0xbe]);
});

test('a sensitive field stays never-indexed, even when its like is in the table', () => {
  const encoder = newEncoder();
  const secret = new HeaderField('authorization', 'Bearer x', true);
  for (let i = 0; i < 3; i++) assert.deepEqual([...encode(encoder, secret).subarray(0, 2)], [0x1f, 0x08]);
  const open = new HeaderField('authorization', 'Bearer x');
  encode(encoder, open, open);
  assert.deepEqual([...encode(encoder, open)], [0xbe]);
  assert.deepEqual([...encode(encoder, secret).subarray(0, 2)], [0x1f, 0x08]);
  assert.equal(encode(encoder, new HeaderField(':path', '/', true))[0], 0x14);
});

test('a field that was evicted is spelled out again', () => {
  const encoder = newEncoder(256);
  const decoder = new HpackDecoder({
    maxTableBytes: 4096,
    maxListBytes: 1 << 20,
    maxFields: 1000,
    interner: new FieldInterner(),
  });
  const fields = Array.from({ length: 9 }, (_, i) => new HeaderField(`x-${i}`, 'same'));
  for (let round = 0; round < 20; round++) {
    const list = [...fields.slice(0, 1 + (round % 9)), ...fields.slice(0, 2)];
    const octets = encode(encoder, ...list);
    const decoded: HeaderField[] = [];
    assert.equal(decoder.decode(octets, 0, octets.length, decoded), DECODE_OK);
    assert.deepEqual(
      decoded.map((f) => f.name),
      list.map((f) => f.name),
    );
  }
});

test('a smaller table of the peer is announced at the start of the next block, once', () => {
  const encoder = newEncoder();
  encoder.setMaxTableBytes(0);
  assert.deepEqual([...encode(encoder, new HeaderField(':method', 'GET'))], [0x20, 0x82]);
  assert.deepEqual([...encode(encoder, new HeaderField(':method', 'GET'))], [0x82]);
  for (let i = 0; i < 3; i++) assert.equal(encode(encoder, tenant)[0], 0x00);
});

test('of several changes the smallest and the last are announced', () => {
  const encoder = newEncoder();
  encode(encoder, tenant, tenant);
  encoder.setMaxTableBytes(100);
  encoder.setMaxTableBytes(30);
  encoder.setMaxTableBytes(4096);
  assert.deepEqual([...encode(encoder, new HeaderField(':method', 'GET'))], [0x3e, 0x3f, 0xe1, 0x1f, 0x82]);
  assert.equal(encode(encoder, tenant)[0], 0x40, 'the entry was lost when the table shrank');
});

test('a table that the peer allows beyond our own limit is not made use of', () => {
  const encoder = newEncoder();
  encoder.setMaxTableBytes(65536);
  assert.deepEqual([...encode(encoder, new HeaderField(':method', 'GET'))], [0x82]);
});

test('an own limit below the default is announced with the first block', () => {
  assert.deepEqual([...encode(newEncoder(0), new HeaderField(':method', 'GET'))], [0x20, 0x82]);
});

test('an own limit above the default waits for the peer to allow it', () => {
  const encoder = newEncoder(8192);
  assert.deepEqual([...encode(encoder, new HeaderField(':method', 'GET'))], [0x82]);
  encoder.setMaxTableBytes(65536);
  assert.deepEqual([...encode(encoder, new HeaderField(':method', 'GET'))], [0x3f, 0xe1, 0x3f, 0x82]);
});
