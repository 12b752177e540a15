import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Http2Connection } from '../../http2/connection.js';
import { CreditGate } from './credit-gate.js';

function gateOf(limitBytes: number) {
  const given = { bytes: 0 };
  const connection = { consumeConnection: (bytes: number) => void (given.bytes += bytes) };
  return { gate: new CreditGate(connection as unknown as Http2Connection<unknown>, limitBytes), given };
}

describe('the credit of a connection', () => {
  it('is given back at once for what goes on at once', () => {
    const { gate, given } = gateOf(0);
    gate.passed(100);
    assert.equal(given.bytes, 100);
    assert.equal(gate.heldBytes, 0);
  });

  it('is given back at once for what waits, up to the limit', () => {
    const { gate, given } = gateOf(1000);
    gate.queued(600);
    gate.queued(400);
    assert.equal(given.bytes, 1000);
    assert.equal(gate.heldBytes, 1000);
  });

  it('is kept back beyond the limit, and given when what waits is within it again', () => {
    const { gate, given } = gateOf(1000);
    gate.queued(900);
    gate.queued(200);
    assert.equal(given.bytes, 900);
    gate.released(50);
    assert.equal(given.bytes, 900, '1050 bytes wait');
    gate.released(50);
    assert.equal(given.bytes, 1100);
    gate.released(1000);
    assert.equal(given.bytes, 1100);
    assert.equal(gate.heldBytes, 0);
  });
});
