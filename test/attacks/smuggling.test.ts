import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startAttackRange, type AttackRange } from '../support/attack-range.js';
import {
  data,
  END_HEADERS,
  END_STREAM,
  headers,
  HEADERS,
  PROTOCOL_ERROR,
  RST_STREAM,
} from '../support/raw-frames/frame.js';
import { block, type FieldLine } from '../support/raw-frames/hpack-writer.js';
import { startVolumeServer, type VolumeServer } from '../support/volume-peer.js';
import { until } from '../support/until.js';

const method: FieldLine = [':method', 'POST'];
const scheme: FieldLine = [':scheme', 'http'];
const path: FieldLine = [':path', '/weir.test.Echo/Unary'];
const authority: FieldLine = [':authority', 'hostile:50051'];
const good: readonly FieldLine[] = [method, scheme, path, authority, ['te', 'trailers']];

/** What HTTP/1.1 behind us, or a parser that is less strict, could be made to read as something else. */
const fields: readonly (readonly [name: string, field: FieldLine])[] = [
  ['a name in upper case', ['X-Upper', '1']],
  ['a name with one letter in upper case', ['x-uPper', '1']],
  ['an empty name', ['', '1']],
  ['a space in a name', ['x bad', '1']],
  ['a space behind a name', ['x-bad ', '1']],
  ['a colon in a name', ['x:bad', '1']],
  ['CR LF in a name', ['x-bad\r\nx-smuggled', '1']],
  ['NUL in a name', ['x-\0bad', '1']],
  ['an octet above 0x7e in a name', ['x-b\xe4d', '1']],
  ['DEL in a name', ['x-\x7f', '1']],
  ['CR LF in a value', ['x-bad', 'a\r\nx-smuggled: 1']],
  ['LF in a value', ['x-bad', 'a\nx-smuggled: 1']],
  ['CR in a value', ['x-bad', 'a\rb']],
  ['NUL in a value', ['x-bad', 'a\0b']],
  ['a space before a value', ['x-bad', ' a']],
  ['a space behind a value', ['x-bad', 'a ']],
  ['a tab behind a value', ['x-bad', 'a\t']],
  ['connection', ['connection', 'close']],
  ['connection that names a field', ['connection', 'x-secret']],
  ['keep-alive', ['keep-alive', 'timeout=5']],
  ['proxy-connection', ['proxy-connection', 'keep-alive']],
  ['transfer-encoding', ['transfer-encoding', 'chunked']],
  ['upgrade', ['upgrade', 'websocket']],
  ['te with more than trailers', ['te', 'trailers, deflate']],
  ['an unknown pseudo-header field', [':smuggled', '1']],
  ['a pseudo-header field behind a regular one', [':authority', 'hostile:50051']],
  ['a host that is not the authority', ['host', 'elsewhere:50051']],
  ['a content-length that is no number', ['content-length', '1x']],
  ['a negative content-length', ['content-length', '-1']],
  ['a content-length with a sign', ['content-length', '+5']],
  ['a list of content-lengths', ['content-length', '5, 6']],
];

const blocks: readonly (readonly [name: string, fields: readonly FieldLine[]])[] = [
  ...fields.map(([name, field]) => [name, [...good, field]] as const),
  ['two content-lengths that differ', [...good, ['content-length', '5'], ['content-length', '6']]],
  ['no method', [scheme, path, authority]],
  ['no scheme', [method, path, authority]],
  ['no path', [method, scheme, authority]],
  ['an empty path', [method, scheme, [':path', ''], authority]],
  ['a path that does not begin with a slash', [method, scheme, [':path', 'weir.test.Echo/Unary'], authority]],
  ['a path with a space', [method, scheme, [':path', '/a HTTP/1.1'], authority]],
  ['a method with a space', [[':method', 'GET / HTTP/1.1'], scheme, path, authority]],
  ['a method with CR LF', [[':method', 'POST\r\nx: y'], scheme, path, authority]],
  ['two methods', [method, method, scheme, path, authority]],
  ['two paths', [method, scheme, path, [':path', '/other'], authority]],
  ['two authorities', [method, scheme, path, authority, [':authority', 'elsewhere:1']]],
  ['an authority with user info', [method, scheme, path, [':authority', 'user@hostile:50051']]],
  ['a status in a request', [...good.slice(0, 4), [':status', '200']]],
];

/** What an endpoint may not answer. */
const responses: readonly (readonly [name: string, fields: readonly FieldLine[]])[] = [
  ...fields
    .filter(([name]) => !name.startsWith('a host') && !name.startsWith('te '))
    .map(([name, field]) => [name, [[':status', '200'], field]] as const),
  ['no status', [['content-type', 'application/grpc']]],
  [
    'two statuses',
    [
      [':status', '200'],
      [':status', '404'],
    ],
  ],
  ['a status of two digits', [[':status', '20']]],
  ['a status that is no number', [[':status', '2x0']]],
  ['status 101', [[':status', '101']]],
  [
    'a request field',
    [
      [':status', '200'],
      [':path', '/'],
    ],
  ],
];

describe('a header block with', () => {
  let endpoint: VolumeServer;
  let range: AttackRange;
  let response: Buffer | undefined;

  before(async () => {
    endpoint = await startVolumeServer({
      onFrame: ({ type, streamId }, peer) => {
        if (type === HEADERS && response !== undefined)
          peer.send(headers(streamId, response, END_HEADERS | END_STREAM));
      },
    });
    range = await startAttackRange({ hostile: endpoint.address });
  });
  after(async () => {
    await range.close();
    endpoint.destroy();
  });

  for (const [name, request] of blocks) {
    it(`${name} is reset with PROTOCOL_ERROR and goes nowhere`, async () => {
      response = undefined;
      const seen = endpoint.count(HEADERS);
      const attacker = await range.attacker({}, range.hostileAddress);
      attacker.send(headers(1, block(...request), END_HEADERS | END_STREAM));
      await attacker.untilEnded(1);
      assert.equal(attacker.resetCode(1), PROTOCOL_ERROR);
      assert.equal(attacker.closed, false);
      assert.equal(endpoint.count(HEADERS), seen, 'nothing was forwarded');
      attacker.destroy();
    });
  }

  for (const [name, answer] of responses) {
    it(`${name} from an endpoint is reset with PROTOCOL_ERROR and does not reach the caller`, async () => {
      response = block(...answer);
      const resetsBefore = endpoint.count(RST_STREAM);
      let seen = Buffer.alloc(0);
      const caller = await range.attacker(
        {
          onFrame: ({ type, payload }) => void (type === HEADERS && (seen = Buffer.concat([seen, payload]))),
        },
        range.hostileAddress,
      );
      caller.send(headers(1, block(...good, ['content-type', 'application/grpc']), END_HEADERS | END_STREAM));
      await caller.untilEnded(1);
      assert.equal(caller.closed, false);
      assert.ok(!/smuggled|x-bad|chunked/i.test(seen.toString('latin1')));
      await until('the endpoint is told', () => endpoint.count(RST_STREAM) === resetsBefore + 1);
      caller.destroy();
    });
  }

  it('a content-length that is not the length of the content is reset, either way', async () => {
    response = undefined;
    for (const [length, sent] of [
      ['5', 6],
      ['5', 4],
      ['0', 1],
    ] as const) {
      const attacker = await range.attacker({}, range.hostileAddress);
      attacker.send(
        headers(1, block(...good, ['content-length', length])),
        data(1, Buffer.alloc(sent), END_STREAM),
      );
      await attacker.untilEnded(1);
      assert.equal(attacker.resetCode(1), PROTOCOL_ERROR, `${sent} octets for a content-length of ${length}`);
      attacker.destroy();
    }
  });

  it('nothing wrong passes, so that the table above proves something', async () => {
    response = block([':status', '200'], ['grpc-status', '0']);
    const caller = await range.attacker({}, range.hostileAddress);
    caller.send(headers(1, block(...good), END_HEADERS | END_STREAM));
    await caller.untilEnded(1);
    assert.equal(caller.resetCode(1), undefined);
  });
});
