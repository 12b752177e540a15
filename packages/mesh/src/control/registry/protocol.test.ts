import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  carriesRequests,
  protocolOfPort,
  protocolOfWord,
  type PortFacts,
  type Protocol,
} from './protocol.js';

const read = (facts: Partial<PortFacts>): Protocol =>
  protocolOfPort({ number: 8080, name: undefined, appProtocol: undefined, transport: undefined, ...facts });

test('the text before the first hyphen of a port name is its protocol, in any case', () => {
  const cases: [string, Protocol][] = [
    ['grpc', 'grpc'],
    ['GRPC-api', 'grpc'],
    ['grpc-web', 'grpc-web'],
    ['grpc-web-ui', 'grpc-web'],
    ['http', 'http'],
    ['http2-x', 'http2'],
    ['https', 'https'],
    ['tls-x', 'tls'],
    ['tcp-metrics', 'tcp'],
    ['mongo', 'tcp'],
    ['metrics', 'auto'],
    ['grpcx', 'auto'],
  ];
  for (const [name, protocol] of cases) assert.equal(read({ name }), protocol, name);
});

test('appProtocol goes before the name', () => {
  assert.equal(read({ name: 'http', appProtocol: 'grpc' }), 'grpc');
  assert.equal(read({ name: 'grpc', appProtocol: 'tcp' }), 'tcp');
  assert.equal(read({ name: 'grpc', appProtocol: 'example.com/own' }), 'auto');
});

test("Kubernetes' own protocol names are known, as appProtocol only", () => {
  assert.equal(read({ appProtocol: 'kubernetes.io/h2c' }), 'http2');
  assert.equal(read({ appProtocol: 'kubernetes.io/ws' }), 'http');
  assert.equal(read({ appProtocol: 'kubernetes.io/wss' }), 'https');
  assert.equal(read({ name: 'kubernetes.io/h2c' }), 'auto');
});

test('a UDP port is udp whatever its name', () => {
  assert.equal(read({ name: 'grpc', transport: 'UDP' }), 'udp');
});

test('ports on which the server speaks first are tcp unless something else is said', () => {
  assert.equal(read({ number: 3306 }), 'tcp');
  assert.equal(read({ number: 3306, name: 'db' }), 'tcp');
  assert.equal(read({ number: 3306, name: 'grpc' }), 'grpc');
});

test('the protocol of a ServiceEntry port is read in any case; none is auto', () => {
  assert.equal(protocolOfWord('GRPC'), 'grpc');
  assert.equal(protocolOfWord('Http2'), 'http2');
  assert.equal(protocolOfWord(undefined), 'auto');
});

test('only protocols made of requests carry requests', () => {
  const carrying = (
    ['http', 'http2', 'grpc', 'grpc-web', 'auto', 'https', 'tls', 'tcp', 'udp'] as const
  ).filter(carriesRequests);
  assert.deepEqual(carrying, ['http', 'http2', 'grpc', 'grpc-web', 'auto']);
});
