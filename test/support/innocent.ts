import { Metadata } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { callOptions, callUnary, createEchoClient, type EchoClient } from './echo-client.js';

const PAUSE_MS = 5;

/**
 * A caller that goes about its business while something is attacked beside it: unary calls one after the
 * other, and a stream that stays open and echoes, both on one connection of its own.
 */
export class Innocent {
  readonly #client: EchoClient;
  readonly #failures: string[] = [];
  readonly #work: Promise<unknown>;
  #stopped = false;
  #calls = 0;
  #slowestMs = 0;

  constructor(address: string) {
    this.#client = createEchoClient(address);
    this.#work = Promise.all([this.#callOnAndOn(), this.#talkOnAndOn()]);
  }

  /** Calls that were answered so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Ends, and asserts that no call failed, none took long, and that there were some. */
  async assertUndisturbed(slowestMs = 3_000): Promise<void> {
    await this.#stop();
    assert.deepEqual(this.#failures, [], 'calls of an innocent connection failed');
    assert.ok(this.#calls >= 3, `an innocent connection made only ${this.#calls} calls`);
    assert.ok(this.#slowestMs < slowestMs, `an innocent call took ${this.#slowestMs.toFixed(0)} ms`);
  }

  async destroy(): Promise<void> {
    await this.#stop();
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
    this.#client.close();
  }

  async #callOnAndOn(): Promise<void> {
    while (!this.#stopped) {
      const payload = Buffer.from(`call ${this.#calls}`);
      await this.#timed(async () => {
        const { reply } = await callUnary(this.#client, { payload }, { timeoutMs: 20_000 });
        assert.ok(reply.payload.equals(payload));
      });
      await sleep(PAUSE_MS);
    }
  }

  async #talkOnAndOn(): Promise<void> {
    const call = this.#client.Bidi(new Metadata(), callOptions({ timeoutMs: 120_000 }));
    call.on('error', (error) => this.#failures.push(error.message));
    while (!this.#stopped && this.#failures.length === 0) {
      await this.#timed(async () => {
        call.write({ payload: Buffer.from('still there?') });
        await once(call, 'data', { signal: AbortSignal.timeout(20_000) });
      });
      await sleep(PAUSE_MS);
    }
    call.end();
  }

  async #timed(call: () => Promise<void>): Promise<void> {
    const begunMs = performance.now();
    try {
      await call();
      this.#calls++;
    } catch (error) {
      this.#failures.push((error as Error).message);
    }
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - begunMs);
  }
}
