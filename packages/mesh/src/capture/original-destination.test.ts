import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSockaddrIn, parseSockaddrIn6 } from './original-destination.js';

describe('the original destination', () => {
  it('of IPv4 is read from a sockaddr_in', () => {
    const bytes = Buffer.from('0200c3830a60000700000000000000000000000000000000ffffffff', 'hex');
    assert.deepEqual(parseSockaddrIn(bytes), { host: '10.96.0.7', port: 50_051 });
  });

  it('of IPv6 is read from a sockaddr_in6, and written as RFC 5952 has it', () => {
    const bytes = Buffer.from('0a00c38300000000fd0000000000000000000000000000ab00000000', 'hex');
    assert.deepEqual(parseSockaddrIn6(bytes), { host: 'fd00::ab', port: 50_051 });
  });
});
