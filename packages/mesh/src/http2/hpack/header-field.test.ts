import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FIELD_AUTHORITY,
  FIELD_CONNECTION_SPECIFIC,
  FIELD_CONTENT_LENGTH,
  FIELD_COOKIE,
  FIELD_HOST,
  FIELD_INVALID,
  FIELD_METHOD,
  FIELD_PATH,
  FIELD_REGULAR,
  FIELD_SCHEME,
  FIELD_STATUS,
  FIELD_TE,
  FIELD_UNKNOWN_PSEUDO,
  FieldInterner,
  HeaderField,
  MAX_INTERNED_CHARS,
} from './header-field.js';

function kind(name: string, value = 'x'): number {
  return new HeaderField(name, value).kind;
}

test('a field is classified by its name', () => {
  assert.equal(kind(':method'), FIELD_METHOD);
  assert.equal(kind(':scheme'), FIELD_SCHEME);
  assert.equal(kind(':authority'), FIELD_AUTHORITY);
  assert.equal(kind(':path'), FIELD_PATH);
  assert.equal(kind(':status'), FIELD_STATUS);
  assert.equal(kind(':protocol'), FIELD_UNKNOWN_PSEUDO);
  assert.equal(kind(':'), FIELD_UNKNOWN_PSEUDO);
  assert.equal(kind('te'), FIELD_TE);
  assert.equal(kind('content-length'), FIELD_CONTENT_LENGTH);
  assert.equal(kind('host'), FIELD_HOST);
  assert.equal(kind('cookie'), FIELD_COOKIE);
  assert.equal(kind('content-type'), FIELD_REGULAR);
  assert.equal(kind('x-anything_at.all!'), FIELD_REGULAR);
  for (const name of ['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade']) {
    assert.equal(kind(name), FIELD_CONNECTION_SPECIFIC, name);
  }
});

test('a name with an octet that RFC 9113 8.2.1 forbids is invalid', () => {
  for (let octet = 0; octet <= 0xff; octet++) {
    const forbidden = octet <= 0x20 || octet >= 0x7f || (octet >= 0x41 && octet <= 0x5a) || octet === 0x3a;
    for (const name of [`x${String.fromCharCode(octet)}`, `x${String.fromCharCode(octet)}y`]) {
      assert.equal(kind(name), forbidden ? FIELD_INVALID : FIELD_REGULAR, JSON.stringify(name));
    }
  }
  assert.equal(kind(''), FIELD_INVALID);
  assert.equal(kind('Content-Type'), FIELD_INVALID);
  assert.equal(kind('::path'), FIELD_INVALID);
  assert.equal(kind(':PATH'), FIELD_INVALID);
});

test('a value with NUL, CR or LF anywhere is invalid, other octets are not', () => {
  for (let octet = 0; octet <= 0xff; octet++) {
    const char = String.fromCharCode(octet);
    const forbidden = octet === 0x00 || octet === 0x0a || octet === 0x0d;
    assert.equal(kind('x', `a${char}b`), forbidden ? FIELD_INVALID : FIELD_REGULAR, `within: ${octet}`);
    const blank = octet === 0x20 || octet === 0x09;
    assert.equal(kind('x', `a${char}`), forbidden || blank ? FIELD_INVALID : FIELD_REGULAR, `last: ${octet}`);
    assert.equal(
      kind('x', `${char}a`),
      forbidden || blank ? FIELD_INVALID : FIELD_REGULAR,
      `first: ${octet}`,
    );
  }
  assert.equal(kind('x', ''), FIELD_REGULAR);
  assert.equal(kind('x', ' '), FIELD_INVALID);
  assert.equal(kind(':path', '/a\n'), FIELD_INVALID);
  assert.equal(kind('connection', 'close '), FIELD_INVALID);
  assert.equal(kind('x', '\u0100'), FIELD_INVALID);
});

test('the size counts 32 octets beside name and value', () => {
  assert.equal(new HeaderField('custom-key', 'custom-header').size, 55);
});

test('a field knows its place in the static table', () => {
  assert.equal(new HeaderField(':method', 'POST').staticIndex, 3);
  assert.equal(new HeaderField(':method', 'PUT').staticIndex, 0);
  assert.equal(new HeaderField(':method', 'PUT').staticNameIndex, 2);
  assert.equal(new HeaderField('www-authenticate', '').staticIndex, 61);
  assert.equal(new HeaderField('x-custom', '').staticNameIndex, 0);
});

test('a sensitive field is not taken for the static entry it equals', () => {
  assert.equal(new HeaderField('authorization', '', true).staticIndex, 0);
});

test('the interner gives the same object for the same name and value', () => {
  const interner = new FieldInterner();
  const field = interner.intern('x-a', 'b');
  assert.equal(field.name, 'x-a');
  assert.equal(field.value, 'b');
  assert.equal(interner.intern('x-a', 'b'), field);
  assert.notEqual(interner.intern('x-a', 'c'), field);
  assert.notEqual(interner.intern('x-b', 'b'), field);
});

test('the interner forgets what is not used, and keeps what is', () => {
  const interner = new FieldInterner(8);
  const used = interner.intern('used', '1');
  const unused = interner.intern('unused', '1');
  for (let i = 0; i < 100; i++) {
    interner.intern('passing', String(i));
    assert.equal(interner.intern('used', '1'), used);
  }
  assert.notEqual(interner.intern('unused', '1'), unused);
});

test('the interner does not hold on to very long values', () => {
  const interner = new FieldInterner();
  const longest = 'v'.repeat(MAX_INTERNED_CHARS);
  assert.equal(interner.intern('x', longest), interner.intern('x', longest));
  assert.notEqual(interner.intern('x', `${longest}v`), interner.intern('x', `${longest}v`));
});
