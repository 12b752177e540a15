import assert from 'node:assert/strict';
import { it } from 'node:test';
import { httpStatusOf, parseStatus, UNKNOWN } from './status.js';
import { statusTrailers, trailersOnly } from './status-fields.js';

it('reads the statuses 0 to 16', () => {
  for (let code = 0; code <= 16; code++) assert.equal(parseStatus(String(code)), code);
});

it('takes anything else for UNKNOWN', () => {
  for (const value of ['', '17', '-1', '1.5', 'OK', '0x1', '1e0', ' 1', '+1'])
    assert.equal(parseStatus(value), UNKNOWN, JSON.stringify(value));
});

it('tells callers that do not speak gRPC the matching HTTP status', () => {
  const statuses = [4, 7, 8, 12, 13, 14, 2].map((code) => httpStatusOf(code));
  assert.deepEqual(statuses, [504, 403, 429, 404, 500, 503, 503]);
});

it('writes a status with a message that a header can carry', () => {
  const fields = statusTrailers(14, 'größer\n').map(({ name, value }) => [name, value]);
  assert.deepEqual(fields, [
    ['grpc-status', '14'],
    ['grpc-message', 'gr%C3%B6%C3%9Fer%0A'],
  ]);
  assert.deepEqual(
    trailersOnly(5, '').map(({ name }) => name),
    [':status', 'content-type', 'grpc-status', 'grpc-message'],
  );
});
