import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ForwardAction, noCircuitLimits, parseRetryOn } from '@weir/core';
import fc from 'fast-check';
import type { Http2Stream } from '../../http2/stream.js';
import { UpstreamConnection } from '../upstream/upstream-connection.js';
import type { UpstreamCall } from '../upstream/upstream-call.js';
import { DownstreamConnection } from './downstream-connection.js';
import { assertNothingHeld } from './relay-rig.test.support.js';
import { attemptOf, sentBy, steps, Turmoil } from './turmoil.test.support.js';

const MAX_REQUESTS = 6;
const MAX_RETRIES = 2;

const retry = {
  on: parseRetryOn('unavailable,reset').on,
  maxRetries: 2,
  perTryTimeoutMs: 0,
  backoff: { baseMs: 5, capMs: 50 },
  avoidPreviousHosts: true,
};
const hedging = { maxAttempts: 3, delayMs: 20, nonFatalCodes: new Set([14]) };

/** What the relay itself has sent, at the moment it did so. */
class Witness {
  /** Calls of whose response the caller has been sent something. */
  readonly #answered = new Set<string>();
  /** Every stream that was opened, and how many attempts it says were made before. */
  readonly #attempts = new Map<Http2Stream<UpstreamCall>, number>();
  /** The most that there was at a time. */
  mostRequests = 0;
  mostRetries = 0;

  constructor({ rig }: Turmoil) {
    const { openConnections } = rig.context;
    const add = openConnections.add.bind(openConnections);
    openConnections.add = (meter) => {
      if (meter instanceof DownstreamConnection) this.#watchDownstream(meter);
      if (meter instanceof UpstreamConnection) this.#watchUpstream(meter);
      return add(meter);
    };
  }

  #watchDownstream(downstream: DownstreamConnection): void {
    const ids = new WeakMap<object, string>();
    const { connection } = downstream;
    const onHeaders = downstream.onHeaders.bind(downstream);
    downstream.onHeaders = (stream, block, endStream) => {
      ids.set(stream, block.get('x-id')!);
      onHeaders(stream, block, endStream);
    };
    const sendHeaders = connection.sendHeaders.bind(connection);
    connection.sendHeaders = (stream, fields, endStream) => {
      this.#answered.add(ids.get(stream)!);
      sendHeaders(stream, fields, endStream);
    };
  }

  #watchUpstream(upstream: UpstreamConnection): void {
    const { connection } = upstream;
    const openStream = connection.openStream.bind(connection);
    connection.openStream = (fields, endStream, owner) => {
      const id = fields.find(({ name }) => name === 'x-id')!.value;
      assert.ok(
        !this.#answered.has(id),
        `call ${id} is sent again after its caller has seen some of a response`,
      );
      const previous = Number(fields.find(({ name }) => name === 'grpc-previous-rpc-attempts')?.value ?? 0);
      assert.ok(previous <= 2, `${previous} attempts before this one`);
      const stream = openStream(fields, endStream, owner);
      this.#attempts.set(stream, previous);
      this.#count();
      return stream;
    };
  }

  #count(): void {
    const underWay = [...this.#attempts].filter(([stream]) => isUnderWay(stream));
    const requests = underWay.length;
    const retries = underWay.filter(([, previous]) => previous > 0).length;
    this.mostRequests = Math.max(this.mostRequests, requests);
    this.mostRetries = Math.max(this.mostRetries, retries);
    assert.ok(requests <= MAX_REQUESTS, `${requests} requests at a time`);
    assert.ok(retries <= MAX_RETRIES, `${retries} retries at a time`);
  }
}

/** The endpoint still has it to do: it has neither answered in full, nor was either side reset. */
function isUnderWay({ closed, localEnded, remoteEnded, owner }: Http2Stream<UpstreamCall>): boolean {
  return !closed && !(localEnded && remoteEnded) && owner !== undefined;
}

describe('whatever callers and endpoints do', () => {
  const policies: Record<string, Partial<ForwardAction>> = {
    'a retry policy': { retry },
    hedging: { hedging },
    'hedging with a time for each attempt': { hedging, retry: { ...retry, perTryTimeoutMs: 70 } },
    'hedging without delay': { hedging: { ...hedging, delayMs: 0 } },
  };
  for (const [what, route] of Object.entries(policies)) {
    it(`${what} sends nothing again of which the caller has seen a byte, and no more at a time than the limits allow`, () => {
      const seen = { well: 0, most: 0, mostRetries: 0, further: 0 };
      const property = fc.property(steps, (sequence) => {
        const limits = { ...noCircuitLimits, maxRequests: MAX_REQUESTS, maxRetries: MAX_RETRIES };
        const turmoil = new Turmoil({ route, cluster: { limits } });
        const witness = new Witness(turmoil);
        const { rig } = turmoil;
        for (const step of sequence) turmoil.do(step);
        turmoil.end();
        assertNothingHeld(rig);
        for (const call of turmoil.calls) {
          if (call.status !== '0' || !call.over) continue;
          seen.well++;
          const answering = turmoil.requests.find((one) => attemptOf(one) === call.headers?.['x-attempt'])!;
          assert.ok(call.body.equals(sentBy.get(answering) ?? Buffer.alloc(0)), 'the response');
          const sent = sentBy.get(call) ?? Buffer.alloc(0);
          assert.ok(answering.body.equals(sent.subarray(0, answering.body.length)), 'the request');
          if (answering.ended)
            assert.equal(answering.body.length, sent.length, 'a request that ended is whole');
        }
        seen.most = Math.max(seen.most, witness.mostRequests);
        seen.mostRetries = Math.max(seen.mostRetries, witness.mostRetries);
        const { hedgesSent, retriesStatus, retriesReset } = rig.counters;
        seen.further += hedgesSent + retriesStatus + retriesReset;
      });
      fc.assert(property, { seed: 11, numRuns: 100, endOnFailure: true, includeErrorInReport: true });
      // Or the limits would have been tried by nobody.
      assert.deepEqual([seen.most, seen.mostRetries], [MAX_REQUESTS, MAX_RETRIES]);
      assert.ok(seen.well > 200 && seen.further > 100, JSON.stringify(seen));
    });
  }
});
