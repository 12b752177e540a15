import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greetingUrl, parseGreeting } from './greeting.js';

test('the pod is read from a greeting', () => {
  const body = 'Greeting: hostname:native-tools-2-6c9f8d7b5-x2x4z, in:native-tools-2\n';
  assert.deepEqual(parseGreeting(200, body), { pod: 'native-tools-2-6c9f8d7b5-x2x4z' });
});

test('a call that failed is an error with its gRPC code', () => {
  assert.deepEqual(parseGreeting(502, 'UNAVAILABLE: no connection\n'), {
    error: 'HTTP 502, UNAVAILABLE: no connection',
  });
});

test('a greeting with another status, and another text with 200, are errors', () => {
  assert.ok(parseGreeting(500, 'Greeting: hostname:a, in:b').error);
  assert.ok(parseGreeting(200, 'Hello').error);
});

test('the client is asked for the Service of the story', () => {
  const url = greetingUrl({ host: '127.0.0.1', port: 8081 });
  assert.equal(url, 'http://127.0.0.1:8081/grpc_client?name=native-tools-2&version=v1');
});
