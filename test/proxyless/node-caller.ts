import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { inspect, register as registerBalancers, type PolicyInUse } from '@weir/client';
import { register } from '@grpc/grpc-js-xds';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { echoService, type ReceivedEchoReply } from '../support/echo-service.js';
import type { Answer, CallOrder, Order } from './caller-protocol.js';

/** Calls through grpc-js and its xDS resolver, as it is told on standard input. */

register();
if (process.env['WEIR_CLIENT'] === '1') registerBalancers();

const channels = new Map<string, Client>();

function channelTo(target: string): Client {
  const known = channels.get(target) ?? new Client(target, credentials.createInsecure());
  channels.set(target, known);
  return known;
}

class Tally {
  readonly servers: Record<string, number> = {};
  readonly codes: Record<string, number> = {};
  readonly messages = new Set<string>();
  readonly latenciesMs: number[] = [];

  count(code: number, server: string, message: string, begunMs: number): void {
    this.codes[code] = (this.codes[code] ?? 0) + 1;
    this.latenciesMs.push(performance.now() - begunMs);
    if (code === 0) this.servers[server] = (this.servers[server] ?? 0) + 1;
    else this.messages.add(message);
  }

  answer(): Answer {
    return { ...this, messages: [...this.messages] };
  }
}

function call(order: CallOrder, tally: Tally): Promise<void> {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(order.metadata)) metadata.set(key, value);
  const begunMs = performance.now();
  return new Promise((resolve) => {
    channelTo(order.target).makeUnaryRequest(
      order.method,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      Buffer.from(order.request, 'base64'),
      metadata,
      { deadline: Date.now() + order.timeoutMs },
      (error: ServiceError | null, reply?: Buffer) => {
        const server = reply === undefined ? '' : serverOf(reply);
        tally.count(error?.code ?? 0, server, error?.details ?? '', begunMs);
        resolve();
      },
    );
  });
}

function namesIn(policy: PolicyInUse | undefined): readonly string[] {
  return policy === undefined ? [] : [policy.policy, ...policy.children.flatMap(namesIn)];
}

function serverOf(reply: Buffer): string {
  const decoded = echoService['Unary']?.responseDeserialize(reply) as ReceivedEchoReply | undefined;
  return decoded?.server ?? '';
}

async function repeat(order: CallOrder, tally: Tally, goesOn: () => boolean): Promise<void> {
  while (goesOn()) await call(order, tally);
}

let load: { readonly tally: Tally; readonly stop: () => Promise<unknown> } | undefined;

async function obey(order: Order): Promise<Answer> {
  const tally = new Tally();
  switch (order.op) {
    case 'calls': {
      let left = order.count;
      const workers = Array.from({ length: order.concurrency }, async (_, index) => {
        await sleep(index * order.staggerMs);
        await repeat(order, tally, () => left-- > 0);
      });
      await Promise.all(workers);
      return tally.answer();
    }
    case 'start': {
      let running = true;
      const workers = Array.from({ length: 4 }, () => repeat(order, tally, () => running));
      load = {
        tally,
        stop: () => {
          running = false;
          return Promise.all(workers);
        },
      };
      return tally.answer();
    }
    case 'stop':
      await load?.stop();
      return load?.tally.answer() ?? tally.answer();
    case 'policies':
      return { ...tally.answer(), policies: namesIn(inspect(channelTo(order.target)).policy) };
    case 'forget':
      channels.get(order.target)?.close();
      channels.delete(order.target);
      return tally.answer();
  }
}

process.stdout.write(`${JSON.stringify({ event: 'ready' })}\n`);
createInterface(process.stdin).on('line', (line) => {
  void obey(JSON.parse(line) as Order).then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
});
