import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { beginsHttp1 } from './http1-line.js';

const begins = (text: string): boolean | undefined => beginsHttp1(Buffer.from(text, 'latin1'));

describe('beginsHttp1', () => {
  const requests = [
    'GET / HTTP/1.1\r\n',
    'GET /a?b=c HTTP/1.0\r\nhost: a\r\n',
    'OPTIONS * HTTP/1.1\r\n',
    'M-SEARCH /x HTTP/1.1\n',
  ];
  for (const text of requests) {
    it(`knows ${JSON.stringify(text)}, whole or octet by octet`, () => {
      for (let length = 1; length <= text.indexOf('\n'); length++)
        assert.equal(begins(text.slice(0, length)), undefined, JSON.stringify(text.slice(0, length)));
      assert.equal(begins(text), true);
    });
  }

  it('takes a line too long to be looked at for one, so that it is refused and not passed by the rules', () => {
    assert.equal(begins(`GET /${'x'.repeat(9000)}`), true);
  });

  const others = {
    'an unknown method': 'FETCH / HTTP/1.1\r\n',
    'a command of Redis': 'GET key\r\n',
    'HTTP/0.9': 'GET /\r\n',
    'HTTP/2': 'PRI * HTTP/2.0\r\n',
    'HTTP/1.1 to a forward proxy': 'GET http://a.test/ HTTP/1.1\r\n',
    'a tunnel': 'CONNECT a.test:1 HTTP/1.1\r\n',
    TLS: '\x16\x03\x01',
    'lower case': 'get / HTTP/1.1\r\n',
    'a blank more': 'GET / / HTTP/1.1\r\n',
    RTSP: 'OPTIONS rtsp://a.test RTSP/1.0\r\n',
  };
  for (const [what, text] of Object.entries(others)) {
    it(`leaves ${what} alone`, () => assert.equal(begins(text), false));
  }
});
