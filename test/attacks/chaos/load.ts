import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { Random } from '@weir/core';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  callOptions,
  callUnary,
  collect,
  createEchoClient,
  type EchoClient,
} from '../../support/echo-client.js';

const PAUSE_MS = 10;

/** Callers of all four kinds who take what they get, and count it. */
export class ChaosLoad {
  /** Calls by how they ended. */
  readonly outcomes = new Map<string, number>();
  readonly #clients: EchoClient[];
  readonly #random: Random;
  readonly #work: Promise<unknown>;
  #stopped = false;

  constructor(address: string, random: Random, callers: number) {
    this.#random = random;
    this.#clients = Array.from({ length: callers }, () =>
      createEchoClient(address, {
        // Back at once, or most of the time would pass in waiting.
        grpc: { 'grpc.initial_reconnect_backoff_ms': 20, 'grpc.max_reconnect_backoff_ms': 100 },
      }),
    );
    this.#work = Promise.all(this.#clients.map((client) => this.#callOnAndOn(client)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
    for (const client of this.#clients) client.close();
  }

  async #callOnAndOn(client: EchoClient): Promise<void> {
    while (!this.#stopped) {
      let outcome = 'OK';
      try {
        await this.#call(client);
      } catch (error) {
        outcome = status[(error as ServiceError).code] ?? (error as Error).message;
      }
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
      await sleep(this.#random.next() * PAUSE_MS);
    }
  }

  async #call(client: EchoClient): Promise<void> {
    const payload = Buffer.alloc(Math.floor(this.#random.next() ** 4 * 200_000), 'c');
    const kind = Math.floor(this.#random.next() * 5);
    const options = callOptions({ timeoutMs: 2_000 });
    if (kind <= 1) {
      const { reply } = await callUnary(client, { payload }, { timeoutMs: 2_000 });
      if (!reply.payload.equals(payload)) throw new Error('garbled');
    } else if (kind === 2) {
      await collect(client.ServerStream({ payload, replyCount: 5, delayMs: 5 }, new Metadata(), options));
    } else if (kind === 3) {
      await new Promise<void>((resolve, reject) => {
        const call = client.ClientStream(new Metadata(), options, (error) =>
          error === null ? resolve() : reject(error),
        );
        for (let message = 0; message < 5; message++) call.write({ payload });
        call.end();
      });
    } else {
      await this.#talkAndHangUp(client, payload);
    }
  }

  /** A caller who cancels in the middle. */
  #talkAndHangUp(client: EchoClient, payload: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = client.Bidi(new Metadata(), callOptions({ timeoutMs: 2_000 }));
      call.on('data', () => call.cancel());
      call.on('error', (error: ServiceError) =>
        error.code === status.CANCELLED ? resolve() : reject(error),
      );
      call.write({ payload });
      call.write({ payload });
    });
  }
}
