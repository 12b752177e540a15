import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { data, headers, ping, type Fields } from './frames.test.support.js';
import { OK, REQUEST, Rig } from './rig.test.support.js';

type Change = readonly [name: string, fields: Fields];

const [METHOD, SCHEME, PATH, AUTHORITY] = REQUEST as [
  [string, string],
  [string, string],
  [string, string],
  [string, string],
];

function withField(name: string, value: string): Fields {
  return [...REQUEST, [name, value]];
}

function withPath(value: string): Fields {
  return [METHOD, SCHEME, [':path', value], AUTHORITY];
}

const MALFORMED_REQUESTS: readonly Change[] = [
  ['8.2: a field name in upper case', withField('X-Test', 'a')],
  ['8.2.1: a field name with a space', withField('x test', 'a')],
  ['8.2.1: a field name with a colon', withField('x:test', 'a')],
  ['8.2.1: a field name with an octet above 0x7e', withField('x\x7f', 'a')],
  ['8.2.1: a field name with a control character', withField('x\n', 'a')],
  ['8.2.1: an empty field name', withField('', 'a')],
  ['8.2.1: a value with CR', withField('x', 'a\rb')],
  ['8.2.1: a value with LF', withField('x', 'a\nb: c')],
  ['8.2.1: a value with NUL', withField('x', 'a\0b')],
  ['8.2.1: a value that starts with a space', withField('x', ' a')],
  ['8.2.1: a value that ends with a tab', withField('x', 'a\t')],
  ['8.2.2: connection', withField('connection', 'close')],
  ['8.2.2: keep-alive', withField('keep-alive', 'timeout=5')],
  ['8.2.2: proxy-connection', withField('proxy-connection', 'close')],
  ['8.2.2: transfer-encoding', withField('transfer-encoding', 'chunked')],
  ['8.2.2: upgrade', withField('upgrade', 'h2c')],
  ['8.2.2: te other than trailers', withField('te', 'trailers, deflate')],
  ['8.3: a pseudo-header field after a regular one', [METHOD, SCHEME, PATH, ['x', 'a'], AUTHORITY]],
  ['8.3: a pseudo-header field after host', [METHOD, SCHEME, PATH, ['host', 'a:1'], AUTHORITY]],
  ['8.3: a pseudo-header field nobody defined', [...REQUEST, [':x', 'a']]],
  ['8.3: a pseudo-header field of another extension', [...REQUEST, [':protocol', 'websocket']]],
  ['8.3: a response’s pseudo-header field', [...REQUEST, [':status', '200']]],
  ['8.3: :method twice', [...REQUEST, METHOD]],
  ['8.3: :scheme twice', [...REQUEST, SCHEME]],
  ['8.3: :path twice', [...REQUEST, PATH]],
  ['8.3: :authority twice', [...REQUEST, AUTHORITY]],
  ['8.3.1: no :method', [SCHEME, PATH, AUTHORITY]],
  ['8.3.1: no :scheme', [METHOD, PATH, AUTHORITY]],
  ['8.3.1: no :path', [METHOD, SCHEME, AUTHORITY]],
  ['8.3.1: neither :authority nor host', [METHOD, SCHEME, PATH]],
  ['8.3.1: an empty block', []],
  ['8.3.1: an empty :method', [[':method', ''], SCHEME, PATH, AUTHORITY]],
  ['8.3.1: a :method that is no token', [[':method', 'GET /x'], SCHEME, PATH, AUTHORITY]],
  ['8.3.1: an empty :scheme', [METHOD, [':scheme', ''], PATH, AUTHORITY]],
  ['8.3.1: a :scheme with a colon', [METHOD, [':scheme', 'http://evil'], PATH, AUTHORITY]],
  ['8.3.1: an empty :path', withPath('')],
  ['8.3.1: a :path without a slash', withPath('a/b')],
  ['8.3.1: the :path * of a method other than OPTIONS', withPath('*')],
  ['10.3: a :path with a space', withPath('/a HTTP/1.1')],
  ['10.3: a :path with a control character', withPath('/a\x01')],
  ['8.3.1: an empty :authority', [METHOD, SCHEME, PATH, [':authority', '']]],
  ['8.3.1: an :authority with user information', [METHOD, SCHEME, PATH, [':authority', 'me@a:1']]],
  ['8.3.1: an :authority with a path', [METHOD, SCHEME, PATH, [':authority', 'a:1/b']]],
  ['8.3.1: a host that differs from :authority', withField('host', 'b:1')],
  ['8.3.1: two hosts that differ', [METHOD, SCHEME, PATH, ['host', 'a:1'], ['host', 'b:1']]],
  ['8.1.1: two lengths that differ', [...REQUEST, ['content-length', '1'], ['content-length', '2']]],
  ['8.1.1: a negative length', withField('content-length', '-1')],
  ['8.1.1: a length in hexadecimal', withField('content-length', '0x1')],
  ['8.1.1: a list of lengths', withField('content-length', '1, 1')],
  ['8.1.1: an empty length', withField('content-length', '')],
  ['8.1.1: a length beyond counting', withField('content-length', '9'.repeat(16))],
  ['8.5: CONNECT with :path', [[':method', 'CONNECT'], PATH, AUTHORITY]],
  ['8.5: CONNECT with :scheme', [[':method', 'CONNECT'], SCHEME, AUTHORITY]],
  ['8.5: CONNECT without :authority', [[':method', 'CONNECT']]],
];

const GOOD_REQUESTS: readonly Change[] = [
  ['8.2.2: te: trailers', withField('te', 'trailers')],
  ['8.2.1: an empty value', withField('x', '')],
  ['8.2.1: octets above 0x7f in a value', withField('x', 'caf\xe9')],
  ['8.3.1: host in place of :authority', [METHOD, SCHEME, PATH, ['host', 'a:1']]],
  ['8.3.1: host equal to :authority but for its case', withField('host', 'A:1')],
  ['8.3.1: OPTIONS *', [[':method', 'OPTIONS'], SCHEME, [':path', '*'], AUTHORITY]],
  ['8.3.1: an IPv6 :authority', [METHOD, SCHEME, PATH, [':authority', '[::1]:80']]],
  ['8.3.1: a scheme other than HTTP, without :authority', [METHOD, [':scheme', 'x-y+1.0'], PATH]],
  ['8.1.1: the same length twice', [...REQUEST, ['content-length', '2'], ['content-length', '2']]],
  ['8.5: CONNECT', [[':method', 'CONNECT'], AUTHORITY]],
];

const MALFORMED_RESPONSES: readonly Change[] = [
  ['8.3.2: no :status', [['x', 'a']]],
  [
    '8.3.2: :status twice',
    [
      [':status', '200'],
      [':status', '200'],
    ],
  ],
  [
    '8.3.2: :status after a regular field',
    [
      ['x', 'a'],
      [':status', '200'],
    ],
  ],
  ['8.3.2: a :status of two digits', [[':status', '20']]],
  ['8.3.2: a :status of letters', [[':status', '2xx']]],
  ['8.3.2: a :status below 100', [[':status', '099']]],
  ['8.6: a :status of 101', [[':status', '101']]],
  [
    '8.3: a request’s :path',
    [
      [':status', '200'],
      [':path', '/'],
    ],
  ],
  [
    '8.3: a request’s :authority',
    [
      [':status', '200'],
      [':authority', 'a'],
    ],
  ],
  [
    '8.2.2: connection',
    [
      [':status', '200'],
      ['connection', 'close'],
    ],
  ],
  [
    '8.2.1: a value with LF',
    [
      [':status', '200'],
      ['x', 'a\nset-cookie: b'],
    ],
  ],
];

const MALFORMED_TRAILERS: readonly Change[] = [
  ['8.1: :status', [[':status', '200']]],
  ['8.1: :path', [[':path', '/']]],
  ['8.2: upper case', [['Grpc-Status', '0']]],
  ['8.2.2: transfer-encoding', [['transfer-encoding', 'chunked']]],
  ['8.2.1: a value with CR', [['grpc-message', 'a\rb']]],
];

describe('malformed requests, RFC 9113 8.1.1', () => {
  for (const [name, fields] of MALFORMED_REQUESTS) {
    it(`${name}: the stream is reset and nothing forwarded`, () => {
      const rig = Rig.ready('server');
      rig.send(headers(1, fields));
      assert.deepEqual(rig.events(), ['reset 1 PROTOCOL_ERROR by us', 'closed 1'], 'no headers');
      assert.deepEqual(rig.written(), ['RST_STREAM 1 PROTOCOL_ERROR']);
      assert.equal(rig.connection.activeStreams, 0);
      rig.send(data(1, 'late', { end: true }), headers(3, REQUEST, { end: true }), ping());
      assert.deepEqual(rig.events(), ['headers 3 POST /a.B/C end'], 'the connection goes on');
      assert.deepEqual(rig.written(), ['PING ACK "12345678"']);
    });
  }

  for (const [name, fields] of GOOD_REQUESTS) {
    it(`${name} is well-formed`, () => {
      const rig = Rig.ready('server');
      rig.send(headers(1, fields));
      assert.match(rig.events().join(), /^headers 1 /);
      assert.deepEqual(rig.written(), []);
    });
  }

  it('host stands in for :authority', () => {
    let authority = '';
    const rig = Rig.ready(
      'server',
      {},
      { onHeaders: (_, block) => (authority = block.authority?.value ?? '') },
    );
    rig.send(headers(1, [METHOD, SCHEME, PATH, ['host', 'b:2']]));
    assert.equal(authority, 'b:2');
  });
});

describe('malformed responses, RFC 9113 8.1.1', () => {
  for (const [name, fields] of MALFORMED_RESPONSES) {
    it(`${name}: the stream is reset and nothing forwarded`, () => {
      const rig = Rig.ready('client');
      rig.open();
      rig.written();
      rig.send(headers(1, fields));
      assert.deepEqual(rig.events(), ['reset 1 PROTOCOL_ERROR by us', 'closed 1']);
      assert.deepEqual(rig.written(), ['RST_STREAM 1 PROTOCOL_ERROR']);
    });
  }
});

describe('malformed trailers, RFC 9113 8.1', () => {
  for (const [name, fields] of MALFORMED_TRAILERS) {
    it(`${name}: the stream is reset and nothing forwarded`, () => {
      const rig = Rig.ready('server');
      rig.send(headers(1, REQUEST));
      rig.events();
      rig.send(headers(1, fields, { end: true }));
      assert.deepEqual(rig.events(), ['reset 1 PROTOCOL_ERROR by us', 'closed 1']);
      assert.deepEqual(rig.written(), ['RST_STREAM 1 PROTOCOL_ERROR']);
    });
  }
});

describe('content-length, RFC 9113 8.1.1', () => {
  const promising = (length: number): Fields => withField('content-length', String(length));
  const cases: readonly (readonly [name: string, frames: readonly Buffer[], good: boolean])[] = [
    ['one DATA of that length', [headers(1, promising(2)), data(1, 'ab', { end: true })], true],
    [
      'the sum of several',
      [headers(1, promising(3)), data(1, 'ab'), data(1, ''), data(1, 'c', { end: true })],
      true,
    ],
    ['padding does not count', [headers(1, promising(2)), data(1, 'ab', { pad: 5, end: true })], true],
    [
      'trailers after all of it',
      [headers(1, promising(2)), data(1, 'ab'), headers(1, [['a', 'b']], { end: true })],
      true,
    ],
    ['nothing and none', [headers(1, promising(0), { end: true })], true],
    ['more in one DATA', [headers(1, promising(1)), data(1, 'ab', { end: true })], false],
    ['more in several', [headers(1, promising(3)), data(1, 'ab'), data(1, 'cd')], false],
    ['less at the end', [headers(1, promising(3)), data(1, 'ab', { end: true })], false],
    [
      'less before trailers',
      [headers(1, promising(3)), data(1, 'ab'), headers(1, [['a', 'b']], { end: true })],
      false,
    ],
    ['nothing at all', [headers(1, promising(3), { end: true })], false],
  ];
  for (const [name, frames, good] of cases) {
    it(`${name}: ${good ? 'well-formed' : 'malformed'}`, () => {
      const rig = Rig.ready('server');
      rig.send(...frames);
      const resets = rig.written().filter((text) => text.startsWith('RST_STREAM'));
      assert.deepEqual(resets, good ? [] : ['RST_STREAM 1 PROTOCOL_ERROR']);
      if (!good) assert.deepEqual(rig.events().slice(-2), ['reset 1 PROTOCOL_ERROR by us', 'closed 1']);
    });
  }

  it('the answer to HEAD promises what it leaves out, RFC 9110 8.6', () => {
    for (const end of [
      headers(
        1,
        [
          [':status', '200'],
          ['content-length', '9'],
        ],
        { end: true },
      ),
      undefined,
    ]) {
      const rig = Rig.ready('client');
      rig.open([[':method', 'HEAD'], SCHEME, PATH, AUTHORITY], true);
      rig.send(
        end ??
          headers(1, [
            [':status', '200'],
            ['content-length', '9'],
          ]),
      );
      if (end === undefined) rig.send(data(1, '', { end: true }));
      assert.equal(rig.events().at(-1), 'closed 1');
      assert.ok(!rig.written().some((text) => text.startsWith('RST')), 'without a complaint');
    }
  });

  it('a 304 promises what it leaves out', () => {
    const rig = Rig.ready('client');
    rig.open(REQUEST, true);
    rig.send(
      headers(
        1,
        [
          [':status', '304'],
          ['content-length', '9'],
        ],
        { end: true },
      ),
    );
    assert.deepEqual(rig.events(), ['headers 1 304 end', 'closed 1']);
  });

  it('any other response must keep its promise', () => {
    const rig = Rig.ready('client');
    rig.open(REQUEST, true);
    rig.send(
      headers(
        1,
        [
          [':status', '200'],
          ['content-length', '9'],
        ],
        { end: true },
      ),
    );
    assert.deepEqual(rig.events(), ['reset 1 PROTOCOL_ERROR by us', 'closed 1']);
  });
});

describe('trailers and informational responses, RFC 9113 8.1', () => {
  it('trailers end a request', () => {
    const rig = Rig.ready('server');
    rig.send(headers(1, REQUEST), data(1, 'ab'), headers(1, [['a', 'b']], { end: true }));
    assert.deepEqual(rig.events(), ['headers 1 POST /a.B/C', 'data 1 "ab"', 'trailers 1 a=b']);
    rig.connection.sendHeaders(rig.stream(1), OK, true);
    assert.deepEqual(rig.events(), ['closed 1']);
  });

  it('any number of 1xx come before the response', () => {
    const rig = Rig.ready('client');
    rig.open(REQUEST, true);
    rig.send(
      headers(1, [[':status', '100']]),
      headers(1, [
        [':status', '103'],
        ['link', 'x'],
      ]),
    );
    rig.send(headers(1, [[':status', '200']]), headers(1, [['grpc-status', '0']], { end: true }));
    assert.deepEqual(rig.events(), [
      'headers 1 100',
      'headers 1 103',
      'headers 1 200',
      'trailers 1 grpc-status=0',
      'closed 1',
    ]);
  });

  it('a 1xx does not end the stream', () => {
    const rig = Rig.ready('client');
    rig.open();
    rig.send(headers(1, [[':status', '100']], { end: true }));
    assert.deepEqual(rig.events(), ['reset 1 PROTOCOL_ERROR by us', 'closed 1']);
  });

  it('DATA does not come before the response', () => {
    const rig = Rig.ready('client');
    rig.open();
    rig.send(headers(1, [[':status', '100']]), data(1, 'x'));
    assert.deepEqual(rig.events(), ['headers 1 100', 'reset 1 PROTOCOL_ERROR by us', 'closed 1']);
  });

  it('a response can come before its request has ended, and both can end after', () => {
    const rig = Rig.ready('client');
    const stream = rig.open();
    rig.send(headers(1, [[':status', '200']]), headers(1, [['grpc-status', '8']], { end: true }));
    assert.deepEqual(
      rig.events(),
      ['headers 1 200', 'trailers 1 grpc-status=8'],
      'the request is still under way',
    );
    rig.connection.sendData(stream, Buffer.from('rest'), 0, 4, true, true);
    assert.deepEqual(rig.events(), ['closed 1']);
  });

  it('a complete response followed by RST_STREAM NO_ERROR ends the request', () => {
    const rig = Rig.ready('client');
    rig.open();
    rig.send(headers(1, [[':status', '200']], { end: true }));
    rig.send(Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0]));
    assert.deepEqual(rig.events(), ['headers 1 200 end', 'reset 1 NO_ERROR by peer', 'closed 1']);
  });
});
