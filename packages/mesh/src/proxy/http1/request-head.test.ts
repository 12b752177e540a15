import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldInterner } from '../../http2/hpack/header-field.js';
import { incoming } from './incoming.test.support.js';
import { isRefusal, readHttp1Request, type Refusal } from './read-request.js';
import { mayUpgrade, type RequestHead, requestHead, withoutUpgrade } from './request-head.js';

const HOST = ['Host', 'a.test'];

function pass(...args: Parameters<typeof incoming>): RequestHead | Refusal {
  const message = incoming(...args);
  const read = readHttp1Request(message, 'dialled:80', new FieldInterner());
  return isRefusal(read) ? read : requestHead(read, message);
}

describe('the head of a request of HTTP/1', () => {
  it('goes on as it came, but for what is about its connection', () => {
    const came = [
      'X-Mixed',
      '1',
      'Connection',
      'close, X-Own',
      'X-Own',
      '2',
      'Keep-Alive',
      '5',
      'x-mixed',
      '3',
    ];
    assert.deepEqual(pass('GET', '/a?b', [...HOST, ...came]), {
      method: 'GET',
      path: '/a?b',
      headers: ['Host', 'a.test', 'x-mixed', '1', 'x-mixed', '3'],
    });
  });

  const framed: [what: string, method: string, came: string[], goes: string[]][] = [
    ['by its length', 'POST', ['Content-Length', '5'], ['Content-Length', '5']],
    [
      'in chunks, with trailers',
      'GET',
      ['Transfer-Encoding', 'chunked', 'Trailer', 'x'],
      ['Transfer-Encoding', 'chunked', 'Trailer', 'x'],
    ],
    ['as none, where one might be', 'PUT', [], ['Content-Length', '0']],
    ['as none', 'DELETE', ['Trailer', 'x'], []],
  ];
  for (const [what, method, came, goes] of framed) {
    it(`says how long the body is ${what}`, () => {
      const passed = pass(method, '/', [...HOST, ...came]) as RequestHead;
      assert.deepEqual(passed.headers, [...HOST, ...goes]);
    });
  }

  it('keeps its length though a nominee of Connection', () => {
    const passed = pass('POST', '/', [...HOST, 'Connection', 'content-length', 'Content-Length', '5']);
    assert.deepEqual((passed as RequestHead).headers, [...HOST, 'Content-Length', '5']);
  });

  it('names whom its caller dialled when it is of HTTP/1.0 and names nobody', () => {
    assert.deepEqual((pass('GET', '/', [], '1.0') as RequestHead).headers, ['Host', 'dialled:80']);
  });

  const refused: Record<string, [number, ...Parameters<typeof incoming>]> = {
    'two Hosts': [400, 'GET', '/', [...HOST, 'host', 'a.test']],
    'a Host with a path': [400, 'GET', '/', ['Host', 'a/b']],
    'both lengths': [400, 'POST', '/', [...HOST, 'Content-Length', '1', 'Transfer-Encoding', 'chunked']],
    'chunks in HTTP/1.0': [400, 'POST', '/', [...HOST, 'Transfer-Encoding', 'chunked'], '1.0'],
    'another coding': [501, 'POST', '/', [...HOST, 'Transfer-Encoding', 'gzip, chunked']],
    'a target of a forward proxy': [400, 'GET', 'http://b.test/', HOST],
    'an asterisk that is not for OPTIONS': [400, 'GET', '*', HOST],
  };
  for (const [what, [status, ...args]] of Object.entries(refused)) {
    it(`is refused with ${what}`, () => assert.equal((pass(...args) as Refusal).status, status));
  }

  it('may ask for WebSocket, and not for HTTP/2 or with a body', () => {
    const asking = (upgrade: string, ...more: string[]) =>
      incoming('GET', '/', [...HOST, 'Connection', 'Upgrade', 'Upgrade', upgrade, ...more]);
    const websocket = asking('websocket');
    assert.equal(mayUpgrade(websocket), true);
    assert.deepEqual((pass('GET', '/', websocket.rawHeaders) as RequestHead).headers, [
      ...HOST,
      'Connection',
      'Upgrade',
      'Upgrade',
      'websocket',
    ]);
    assert.equal(mayUpgrade(asking('h2c')), false);
    assert.equal(mayUpgrade(asking('websocket', 'Content-Length', '1')), false);
    assert.equal(
      withoutUpgrade(asking('h2c', 'X', 'y'), Buffer.from('rest')).toString(),
      'GET / HTTP/1.1\r\nHost: a.test\r\nX: y\r\n\r\nrest',
    );
  });
});
