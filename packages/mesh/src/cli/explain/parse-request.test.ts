import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectHeader, NO_HEADERS, parseMethod } from './parse-request.js';

describe('headers of the call to explain', () => {
  it('are found by their names in lower case, beside those of every gRPC call', () => {
    assert.deepEqual(collectHeader('Version=200', NO_HEADERS), {
      'content-type': 'application/grpc',
      te: 'trailers',
      version: '200',
    });
  });

  it('may have "=" in their values, or nothing', () => {
    assert.equal(collectHeader('a=b=c', {})['a'], 'b=c');
    assert.equal(collectHeader('a=', {})['a'], '');
  });

  it('of one name are joined, and replace what every call carries', () => {
    assert.equal(collectHeader('a=2', collectHeader('a=1', {}))['a'], '1,2');
    const type = 'application/grpc+json';
    assert.equal(collectHeader(`content-type=${type}`, NO_HEADERS)['content-type'], type);
  });

  for (const text of ['version', '=200', ':path=/a', 'a b=c', 'version: 200']) {
    it(`are not written ${JSON.stringify(text)}`, () => {
      assert.throws(() => collectHeader(text, NO_HEADERS), /must be name=value/);
    });
  }
});

describe('the method of the call to explain', () => {
  it('is the path on the wire', () => {
    assert.equal(parseMethod('/a.B/C'), '/a.B/C');
  });

  for (const text of ['a.B/C', '/a.B', '/a.B/', '/a.B/C/D', '']) {
    it(`is not written ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseMethod(text), /is not \/package\.Service\/Method/);
    });
  }
});
