import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatRetryOn, parseRetryOn } from './retry-on.js';

describe('parseRetryOn', () => {
  it('reads conditions, gRPC codes and HTTP statuses, with blanks anywhere', () => {
    const { on, unknown } = parseRetryOn(' 5xx,connect-failure, unavailable ,cancelled,503,, 409');
    assert.deepEqual([...on.conditions], ['5xx', 'connect-failure']);
    assert.deepEqual([...on.grpcCodes], [14, 1]);
    assert.deepEqual([...on.httpStatuses], [503, 409]);
    assert.deepEqual(unknown, []);
  });

  it('takes the listed statuses only where the list is asked for', () => {
    assert.deepEqual([...parseRetryOn('retriable-status-codes', [503, 504]).on.httpStatuses], [503, 504]);
    assert.deepEqual([...parseRetryOn('5xx', [503, 504]).on.httpStatuses], []);
  });

  it('knows every gRPC code but ok', () => {
    assert.deepEqual([...parseRetryOn('aborted,data-loss,unknown').on.grpcCodes], [10, 15, 2]);
    assert.deepEqual(parseRetryOn('ok').unknown, ['ok']);
  });

  it('says what it does not know, and passes over what is about HTTP/3', () => {
    const { unknown } = parseRetryOn('5XX,600,99,gateway_error,http3-post-connect-failure');
    assert.deepEqual(unknown, ['5XX', '600', '99', 'gateway_error']);
  });
});

describe('formatRetryOn', () => {
  it('writes what can be read again', () => {
    const text = 'reset, refused-stream, deadline-exceeded, 503';
    assert.equal(formatRetryOn(parseRetryOn(text).on), text);
    assert.equal(formatRetryOn(parseRetryOn('').on), 'nothing');
  });
});
