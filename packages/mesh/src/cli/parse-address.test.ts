import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHostPort, parseHostPort, parseInbound, parseListen } from './parse-address.js';

test('a name and a port are read as host and port', () => {
  assert.deepEqual(parseHostPort('localhost:15010'), { host: 'localhost', port: 15010 });
});

test('port 0 is allowed, since it asks for a free one', () => {
  assert.deepEqual(parseHostPort('127.0.0.1:0'), { host: '127.0.0.1', port: 0 });
});

test('an IPv6 host is read from its brackets and formatted back into them', () => {
  const address = parseHostPort('[::1]:15001');
  assert.deepEqual(address, { host: '::1', port: 15001 });
  assert.equal(formatHostPort(address), '[::1]:15001');
  assert.equal(formatHostPort({ host: '127.0.0.1', port: 80 }), '127.0.0.1:80');
});

for (const bad of [
  '',
  '15001',
  ':15001',
  'host:',
  'host:http',
  '::1:15001',
  'a b:1',
  'host:1:2',
  '[::1]',
  'host:-1',
]) {
  test(`'${bad}' is refused with an example of what is wanted`, () => {
    assert.throws(() => parseHostPort(bad), /is not HOST:PORT, such as/);
  });
}

test('a port above 65535 is refused by name', () => {
  assert.throws(() => parseHostPort('host:65536'), /Port 65536 .* is above 65535/);
});

test('a listen rule names the service as written and the address to bind', () => {
  assert.deepEqual(parseListen('native-tools-2.default:50051=127.0.0.1:0'), {
    authority: 'native-tools-2.default:50051',
    service: 'native-tools-2.default',
    servicePort: 50051,
    bind: { host: '127.0.0.1', port: 0 },
  });
});

test('a listen rule without its right side, or with service port 0, is refused', () => {
  assert.throws(() => parseListen('greeter:50051'), /is not SERVICE:PORT=HOST:PORT/);
  assert.throws(() => parseListen('greeter:50051=here'), /'here' is not HOST:PORT/);
  assert.throws(() => parseListen('greeter:0=127.0.0.1:0'), /needs the port of the service/);
});

test('an inbound rule names the address to bind and that of the application', () => {
  assert.deepEqual(parseInbound('0.0.0.0:15006=[::1]:50051'), {
    bind: { host: '0.0.0.0', port: 15006 },
    application: { host: '::1', port: 50051 },
  });
});

test('an inbound rule without its right side, or with port 0 of the application, is refused', () => {
  assert.throws(() => parseInbound('0.0.0.0:15006'), /is not HOST:PORT=APPHOST:APPPORT/);
  assert.throws(() => parseInbound('0.0.0.0:15006=50051'), /'50051' is not HOST:PORT/);
  assert.throws(() => parseInbound('0.0.0.0:15006=127.0.0.1:0'), /needs the port of the application/);
});
